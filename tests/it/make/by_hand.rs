//! By hand: the block for the shell and the pages of the web UI are one plan.

use labwizard::domain::Id;
use labwizard::wizard::Wizard;
use labwizard::wizard::draft::Draft;
use labwizard::wizard::page::Block;
use labwizard::wizard::step::{access, guide, tool};

/// What the page shows for a target: the commands, and the text.
fn page(target: &'static str, way: Id) -> (String, String) {
    let (mut w, _) = Wizard::new(crate::flow::setting("/nowhere/project".as_ref()), Draft::default());
    w.draft.choose(tool::TARGET, Id::fixed(target));
    w.draft.choose(access::ACCESS, way);
    let (mut commands, mut texts) = (String::new(), String::new());
    for block in guide::page(&w).blocks {
        match block {
            Block::Command(command) => commands.push_str(&command.text),
            Block::Text(text) => texts.push_str(&format!("{text:?}")),
            _ => {}
        }
    }
    (commands, texts)
}

#[test]
fn the_commands_and_the_clicks_make_the_same_roles_and_grants() {
    for target in ["glassdome", "depl0y", "opentofu-bpg"] {
        let (commands, _) = page(target, access::HAND);
        let (_, clicks) = page(target, access::WEB);
        let lines: Vec<&str> = commands.lines().collect();
        assert!(lines[0].starts_with(&format!("pveum user add {target}@pve --comment 'labwizard ")), "{commands}");
        let grants: Vec<&&str> = lines.iter().filter(|line| line.starts_with("pveum acl modify ")).collect();
        assert!(grants.len() >= 3, "{commands}");
        for line in &lines {
            let words: Vec<&str> = line.split(' ').collect();
            let told = match words[1..3] {
                ["role", "add"] => words[4..].join("").replace("--privs", "").replace(',', ", "),
                ["acl", "modify"] => format!("Give the token the role on {}", words[3]),
                _ => continue,
            };
            assert!(clicks.contains(&told), "{told}\n{clicks}");
        }
    }
}
