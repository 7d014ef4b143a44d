//! How a tool reads a switch: the words that it takes for yes and no, and the names under which it looks for it.

use serde::Deserialize;

use super::fact::Fact;
use super::spec::{Form, Spec};
use super::write::Candidates;

/// What turns the text of a switch into yes or no.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Parser {
    /// The two words in any case, and others as people mean them: who reads the file is not known.
    #[default]
    Words,
    /// `true`, `1`, `yes`, `on`, `t`, `y` and their opposites, in any case; else the tool does not start (pydantic's bool).
    Pydantic,
    /// `true` in any case is yes, and everything else no.
    True,
    /// Exactly `true` or `1` is yes, and everything else no.
    TrueOrOne,
    /// `1`, `t`, `T`, `true`, `True`, `TRUE` and their opposites; else the tool does not start (Go's `strconv.ParseBool`).
    Go,
    /// Exactly `true` or `1`, `false` or `0`; else the tool does not start (a text given to a variable of type bool).
    Hcl,
}

impl Parser {
    /// Whether the text says yes; none where the tool takes it for neither, or nobody knows.
    pub fn says(self, words: [&str; 2], text: &str) -> Option<bool> {
        let among = |yes: &[&str], no: &[&str], text: &str| match text {
            text if yes.contains(&text) => Some(true),
            text if no.contains(&text) => Some(false),
            _ => None,
        };
        let lower = text.to_ascii_lowercase();
        match self {
            Parser::Words if text.eq_ignore_ascii_case(words[0]) => Some(true),
            Parser::Words if text.eq_ignore_ascii_case(words[1]) => Some(false),
            Parser::Words | Parser::Pydantic => {
                among(&["true", "1", "yes", "on", "t", "y"], &["false", "0", "no", "off", "f", "n"], &lower)
            }
            Parser::True => Some(lower == "true"),
            Parser::TrueOrOne => Some(matches!(text, "true" | "1")),
            Parser::Go => {
                among(&["1", "t", "T", "true", "True", "TRUE"], &["0", "f", "F", "false", "False", "FALSE"], text)
            }
            Parser::Hcl => among(&["true", "1"], &["false", "0"], text),
        }
    }
}

/// The names under which the tool looks for a fact of a host, in the file and in its environment.
pub fn names(spec: &Spec, form: &Form, fact: &Fact, instance: u8) -> Vec<String> {
    let of_fact = spec.keys.iter().filter(|(_, key)| key.value.fact == *fact);
    of_fact.flat_map(|(name, key)| Candidates::new(spec, form, name, key, instance).all).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reader_takes_its_own_words() {
        let says = |parser: Parser, text: &str| parser.says(["true", "false"], text);
        let all = ["true", "True", "1", "yes", "false", "0", "maybe"];
        let table = [
            (Parser::Words, [Some(true), Some(true), Some(true), Some(true), Some(false), Some(false), None]),
            (Parser::Pydantic, [Some(true), Some(true), Some(true), Some(true), Some(false), Some(false), None]),
            (Parser::True, [Some(true), Some(true), Some(false), Some(false), Some(false), Some(false), Some(false)]),
            (
                Parser::TrueOrOne,
                [Some(true), Some(false), Some(true), Some(false), Some(false), Some(false), Some(false)],
            ),
            (Parser::Go, [Some(true), Some(true), Some(true), None, Some(false), Some(false), None]),
            (Parser::Hcl, [Some(true), None, Some(true), None, Some(false), Some(false), None]),
        ];
        for (parser, wanted) in table {
            assert_eq!(all.map(|text| says(parser, text)), wanted, "{parser:?}");
        }
        assert_eq!(Parser::Words.says(["strict", "lax"], "LAX"), Some(false));
    }
}
