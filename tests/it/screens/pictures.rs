//! A frame becomes an SVG picture.

use labwizard::front::tui::svg;

use super::{Held, UNICODE, pages};

#[test]
fn a_picture_keeps_every_character_on_the_grid() {
    let (buffer, _) = Held::new(pages::verify(), UNICODE, (80, 24)).frame();
    let picture = svg::of(&buffer);
    assert!(picture.contains(">✗</text>") || picture.contains("✗\u{a0}rights"), "{picture}");
    assert!(!picture.contains("<<"));
    for line in picture.lines().filter(|line| line.starts_with("<text")) {
        let inner = line.split_once('>').and_then(|(_, rest)| rest.strip_suffix("</text>")).unwrap();
        let signs = inner.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").chars().count();
        assert!(line.contains(&format!("textLength=\"{}\"", signs * 9)), "{line}");
    }
    if let Ok(folder) = std::env::var("PICTURES") {
        for (name, page) in super::screens() {
            let (buffer, _) = Held::new(page, UNICODE, (80, 24)).frame();
            std::fs::write(format!("{folder}/{name}.svg"), svg::of(&buffer)).unwrap();
        }
    }
}
