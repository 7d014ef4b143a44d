//! Lists as Proxmox's programs print them for people: a table in frames, one row for each (pve-common `CLIFormatter.pm`).

use serde_json::Value;

/// A value as text: a list of objects, or an object alone. Secrets that a call answers with are in it.
pub fn text(value: &Value) -> String {
    match value {
        Value::Array(rows) => {
            let mut columns: Vec<&str> =
                rows.iter().filter_map(Value::as_object).flatten().map(|(key, _)| key.as_str()).collect();
            columns.sort_unstable();
            columns.dedup();
            let cells = rows.iter().map(|row| columns.iter().map(|column| cell(&row[*column])).collect());
            drawn(&columns, &cells.collect::<Vec<_>>())
        }
        Value::Object(fields) => {
            let rows = fields.iter().map(|(key, value)| vec![key.clone(), cell(value)]);
            drawn(&["key", "value"], &rows.collect::<Vec<_>>())
        }
        other => format!("{}\n", cell(other)),
    }
}

/// What somebody may do, by path; (*) marks what goes on below it (pve-access-control `CLI/pveum.pm`).
pub fn permissions(value: &Value) -> String {
    let paths = value.as_object().into_iter().flatten();
    let rows = paths.map(|(path, held)| {
        let held = held.as_object().into_iter().flatten();
        let lines = held.map(|(name, below)| match below.as_u64() {
            Some(0) | None => name.clone(),
            Some(_) => format!("{name} (*)"),
        });
        vec![path.clone(), lines.collect::<Vec<_>>().join("\n")]
    });
    let table = drawn(&["ACL path", "Permissions"], &rows.collect::<Vec<_>>());
    format!("{table}Permissions marked with '(*)' have the 'propagate' flag set.\n")
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(_) | Value::Object(_) => value.to_string(),
        other => other.to_string(),
    }
}

/// A cell may have several lines.
pub fn drawn(columns: &[&str], rows: &[Vec<String>]) -> String {
    let widest = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at)).flat_map(|cell| cell.lines());
        cells.chain([columns[at]]).map(|line| line.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns.len()).map(widest).collect();
    let rule = |left: &str, middle: &str, right: &str| {
        let parts: Vec<String> = widths.iter().map(|width| "─".repeat(width + 2)).collect();
        format!("{left}{}{right}\n", parts.join(middle))
    };
    let row = |cells: &[String]| {
        let height = cells.iter().map(|cell| cell.lines().count().max(1)).max().unwrap_or(1);
        let line = |at: usize| {
            let parts = cells.iter().zip(&widths).map(|(cell, width)| {
                let text = cell.lines().nth(at).unwrap_or_default();
                format!(" {text}{} ", " ".repeat(width - text.chars().count()))
            });
            format!("│{}│\n", parts.collect::<Vec<_>>().join("│"))
        };
        (0..height).map(line).collect::<String>()
    };
    let head: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
    let mut out = rule("┌", "┬", "┐") + &row(&head) + &rule("╞", "╪", "╡").replace('─', "═");
    let bodies: Vec<String> = rows.iter().map(|cells| row(cells)).collect();
    out.push_str(&bodies.join(&rule("├", "┼", "┤")));
    out + &rule("└", "┴", "┘")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_list_is_a_table_with_a_row_for_each() {
        let text = text(&json!([{ "userid": "a@pve", "enable": 1 }, { "userid": "root@pam" }]));
        assert_eq!(
            text,
            "┌────────┬──────────┐\n│ enable │ userid   │\n╞════════╪══════════╡\n│ 1      │ a@pve    │\n\
             ├────────┼──────────┤\n│        │ root@pam │\n└────────┴──────────┘\n"
        );
    }

    #[test]
    fn permissions_stand_one_a_line_beside_their_path() {
        let text = permissions(&json!({ "/vms": { "VM.Audit": 1, "VM.Clone": 0 } }));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[3], "│ /vms     │ VM.Audit (*) │");
        assert_eq!(lines[4], "│          │ VM.Clone     │");
        assert!(lines[6].contains("'(*)'"));
    }
}
