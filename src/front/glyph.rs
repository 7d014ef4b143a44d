//! Every symbol that is drawn, once, as a pair: what a Unicode terminal shows and what an ASCII one shows.

/// A symbol with a meaning. It never stands alone: a word beside it says the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glyph {
    Good,
    Warning,
    Bad,
    Running,
    Waiting,
    /// The current step, the highlighted answer.
    Here,
    Stale,
    Mask,
    Rule,
    /// Something goes on beyond this edge.
    More,
    /// A line's end inside a text field.
    Newline,
    /// Between two things on one line.
    Dot,
    /// In front of what can be done.
    Arrow,
}

impl Glyph {
    pub fn of(self, ascii: bool) -> &'static str {
        let (unicode, plain) = match self {
            Glyph::Good => ("✓", "+"),
            Glyph::Warning => ("!", "!"),
            Glyph::Bad => ("✗", "x"),
            Glyph::Running => ("…", "~"),
            Glyph::Waiting => ("·", "."),
            Glyph::Here => ("▸", ">"),
            Glyph::Stale => ("↻", "~"),
            Glyph::Mask => ("•", "*"),
            Glyph::Rule => ("─", "-"),
            Glyph::More => ("…", "~"),
            Glyph::Newline => ("↵", "/"),
            Glyph::Dot => ("·", "-"),
            Glyph::Arrow => ("→", ">"),
        };
        if ascii { plain } else { unicode }
    }
}

/// How an ASCII terminal is shown the signs that our own texts are set with; nothing for other characters.
pub fn in_ascii(sign: char) -> Option<&'static str> {
    Some(match sign {
        '“' | '”' | '„' => "\"",
        '‘' | '’' => "'",
        '–' | '—' | '─' | '‐' => "-",
        '…' => "...",
        '·' => "-",
        '•' => "*",
        '→' => "->",
        '←' => "<-",
        '▸' => ">",
        '✓' => "+",
        '✗' => "x",
        '≤' => "<=",
        '≥' => ">=",
        '×' => "x",
        '␊' | '↵' => "/",
        '\u{a0}' => " ",
        _ => return None,
    })
}
