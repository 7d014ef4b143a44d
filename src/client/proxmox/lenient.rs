//! JSON as Proxmox writes it: numbers as strings, truths as 0 and 1, an empty map as an empty list; within limits.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use crate::domain::Secret;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// How deep an answer may nest, and how many rows a list may have.
const DEPTH: usize = 64;
const ROWS: usize = 200_000;

/// An answer that is not what belongs there: what is wrong, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("no JSON at line {line}, column {column}")]
    Syntax { line: usize, column: usize },
    #[error("the JSON ends too early, at line {line}, column {column}")]
    Ends { line: usize, column: usize },
    #[error("other JSON than belongs there, at line {line}, column {column}")]
    Shape { line: usize, column: usize },
    #[error("JSON that nests deeper than {DEPTH} levels")]
    Depth,
    #[error("more than {ROWS} rows")]
    Rows,
    #[error("no release in the field “version”")]
    Release,
    #[error("no ticket, or one that is none")]
    Ticket,
    #[error("no secret in the field “value”, or that of another token")]
    Value,
}

/// `{"data": …}` around every answer.
#[derive(Deserialize)]
struct Envelope<T> {
    data: T,
}

pub(super) fn data<T: DeserializeOwned>(body: &[u8]) -> Result<T, Unreadable> {
    if !shallow(body) {
        return Err(Unreadable::Depth);
    }
    serde_json::from_slice::<Envelope<T>>(body).map(|envelope| envelope.data).map_err(|error| place(&error))
}

/// serde_json's own words quote what they stumble over, so only the place is kept.
fn place(error: &serde_json::Error) -> Unreadable {
    let (line, column) = (error.line(), error.column());
    match error.classify() {
        serde_json::error::Category::Eof => Unreadable::Ends { line, column },
        serde_json::error::Category::Syntax => Unreadable::Syntax { line, column },
        _ if error.to_string().starts_with(TOO_MANY) => Unreadable::Rows,
        _ => Unreadable::Shape { line, column },
    }
}

/// Whether an answer nests no deeper than is read.
pub(super) fn shallow(body: &[u8]) -> bool {
    depth(body) <= DEPTH
}

/// The deepest nesting, brackets in strings left aside.
fn depth(body: &[u8]) -> usize {
    let (mut now, mut most, mut quoted, mut escaped) = (0usize, 0, false, false);
    for &byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => {
                now += 1;
                most = most.max(now);
            }
            b']' | b'}' if !quoted => now = now.saturating_sub(1),
            _ => {}
        }
    }
    most
}

const TOO_MANY: &str = "too many rows";

/// A list of at most [`ROWS`] rows; null is an empty one.
pub(super) struct Rows<T>(pub Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Rows<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Reader<T> {
            type Value = Vec<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_unit<E>(self) -> Result<Vec<T>, E> {
                Ok(Vec::new())
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<Vec<T>, A::Error> {
                let mut all = Vec::new();
                while let Some(row) = rows.next_element()? {
                    if all.len() == ROWS {
                        return Err(serde::de::Error::custom(TOO_MANY));
                    }
                    all.push(row);
                }
                Ok(all)
            }
        }
        from.deserialize_any(Reader(PhantomData)).map(Rows)
    }
}

/// 0, 1, "0", "1", true, false, "", null, as Perl sees truth.
#[derive(Clone, Copy, Default)]
pub(super) struct Flag(pub bool);

/// A number or a string, as text.
#[derive(Clone, Default)]
pub(super) struct Word(pub String);

/// A number or a string that goes straight into a secret; none where it is null or empty.
#[derive(Default)]
pub(super) struct Hidden(pub Option<Secret>);

struct Scalar<T>(PhantomData<T>);

trait FromScalar: Default {
    fn text(text: &str) -> Self;
}

impl FromScalar for Flag {
    fn text(text: &str) -> Self {
        Flag(!matches!(text, "" | "0" | "false"))
    }
}

impl FromScalar for Word {
    fn text(text: &str) -> Self {
        Word(text.to_owned())
    }
}

impl FromScalar for Hidden {
    fn text(text: &str) -> Self {
        Hidden((!text.is_empty()).then(|| Secret::new(text.to_owned())))
    }
}

impl<'de, T: FromScalar> Visitor<'de> for Scalar<T> {
    type Value = T;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, a string or a boolean")
    }
    fn visit_bool<E>(self, value: bool) -> Result<T, E> {
        Ok(T::text(if value { "1" } else { "0" }))
    }
    fn visit_i64<E>(self, value: i64) -> Result<T, E> {
        Ok(T::text(&value.to_string()))
    }
    fn visit_u64<E>(self, value: u64) -> Result<T, E> {
        Ok(T::text(&value.to_string()))
    }
    fn visit_f64<E>(self, value: f64) -> Result<T, E> {
        Ok(T::text(&value.to_string()))
    }
    fn visit_str<E>(self, value: &str) -> Result<T, E> {
        Ok(T::text(value))
    }
    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Scalar(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Scalar(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Hidden {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Scalar(PhantomData))
    }
}

/// A map of at most [`ROWS`] entries. Perl writes an empty one as an empty list now and then.
pub(super) struct Map<T>(pub BTreeMap<String, T>);

impl<T> Default for Map<T> {
    fn default() -> Self {
        Map(BTreeMap::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Map<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Reader<T> {
            type Value = BTreeMap<String, T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<Self::Value, A::Error> {
                match rows.next_element::<IgnoredAny>()? {
                    None => Ok(BTreeMap::new()),
                    Some(_) => Err(serde::de::Error::custom("a list with entries")),
                }
            }
            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
                let mut all = BTreeMap::new();
                while let Some((name, value)) = entries.next_entry()? {
                    if all.len() == ROWS {
                        return Err(serde::de::Error::custom(TOO_MANY));
                    }
                    all.insert(name, value);
                }
                Ok(all)
            }
        }
        from.deserialize_any(Reader(PhantomData)).map(Map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Result<usize, Unreadable> {
        data::<Rows<IgnoredAny>>(text.as_bytes()).map(|rows| rows.0.len())
    }

    #[test]
    fn nesting_and_rows_have_a_limit() {
        let deep = format!(r#"{{"data":{}1{}}}"#, "[".repeat(70), "]".repeat(70));
        assert_eq!(list(&deep), Err(Unreadable::Depth));
        assert_eq!(depth(br#"{"a":"[[[[\"[[["}"#), 1);
        let many = format!(r#"{{"data":[{}{{"node":"n"}}]}}"#, r#"{"node":"n"},"#.repeat(ROWS));
        assert_eq!(list(&many), Err(Unreadable::Rows));
    }
}
