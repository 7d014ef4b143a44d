//! A frame becomes an SVG picture.

use super::svg;

use super::{Held, UNICODE, pages};

#[test]
fn a_picture_keeps_every_character_on_the_grid() {
    let (buffer, cursor) = Held::new(pages::verify(), UNICODE, (80, 24)).frame();
    let picture = svg::of(&buffer, cursor);
    assert!(picture.contains(">✗</text>") || picture.contains("✗\u{a0}rights"), "{picture}");
    assert!(!picture.contains("<<"));
    for line in picture.lines().filter(|line| line.starts_with("<text")) {
        let inner = line.split_once('>').and_then(|(_, rest)| rest.strip_suffix("</text>")).unwrap();
        let signs = inner.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").chars().count();
        assert!(line.contains(&format!("textLength=\"{}\"", signs * 9)), "{line}");
    }
}

#[test]
fn a_cursor_is_a_bar_in_its_cell() {
    let (buffer, cursor) = Held::new(pages::host(), UNICODE, (80, 24)).frame();
    let place = cursor.expect("the field has the keyboard");
    let bar = format!("<rect x=\"{}\" y=\"{}\" width=\"2\"", 14 + place.x * 9, 15 + place.y * 19);
    assert!(svg::of(&buffer, cursor).contains(&bar));
    assert!(!svg::of(&buffer, None).contains("width=\"2\""));
}
