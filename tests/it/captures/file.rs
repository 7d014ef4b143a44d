//! A file of captures: a heading, and below it a request and its answer as `curl -i` shows them.

/// One request and its answer, as they stand in a file.
#[derive(Debug)]
pub struct Capture {
    pub name: String,
    /// The lines that begin with `> `, without it; a line of a request's body may stand without.
    pub request: Vec<String>,
    pub status: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

pub fn parse(text: &str) -> Vec<Capture> {
    let mut captures = Vec::new();
    let mut name = None;
    let mut fence: Option<Vec<&str>> = None;
    for line in text.lines() {
        match &mut fence {
            Some(lines) if line == "```" => {
                if let Some(name) = name.take().filter(|_| lines.first().is_some_and(|line| line.starts_with("> "))) {
                    captures.push(capture(name, lines));
                }
                fence = None;
            }
            Some(lines) => lines.push(line),
            None if line.starts_with("```") => fence = Some(Vec::new()),
            None => {
                if let Some(heading) = line.strip_prefix("#### ") {
                    name = Some(heading.to_string());
                }
            }
        }
    }
    captures
}

fn capture(name: String, lines: &[&str]) -> Capture {
    let answer = lines.iter().position(|line| line.starts_with("HTTP/1.") || line.starts_with("closed by"));
    let (request, answer) = lines.split_at(answer.unwrap_or(lines.len()));
    let mut request: Vec<String> =
        request.iter().map(|line| line.strip_prefix("> ").unwrap_or(line).to_string()).collect();
    while request.last().is_some_and(|line| line.is_empty() || line == "<EOF>" || line.starts_with("[[time")) {
        request.pop();
    }
    let mut answer = answer.iter();
    let status =
        answer.next().filter(|line| line.starts_with("HTTP/1.")).map_or(String::new(), |line| line.to_string());
    let headers = answer.by_ref().take_while(|line| !line.is_empty());
    let headers =
        headers.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_string(), value.to_string()));
    let headers = headers.collect();
    let body: Vec<&str> = answer.copied().filter(|line| !line.starts_with("[[time")).collect();
    Capture { name, request, status, headers, body: body.join("\n").trim_end().to_string() }
}
