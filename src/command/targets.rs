//! Lists, shows and checks targets.

use std::path::Path;

use crate::cli::Targets;
use crate::command::place::{Place, targets_folder};
use crate::command::{Ended, complain};
use crate::disk::{Caller, read_config};
use crate::domain::Release;
use crate::domain::visible;
use crate::target::describe::{describe, in_short};
use crate::target::library::check;
use crate::target::{Library, Target};

/// The release that rights are shown for.
const NEWEST: Release = Release::new(9, 2, 0);

pub fn run(targets: &Targets) -> Ended {
    if let Some(path) = &targets.check {
        return check_file(path);
    }
    let library = Place::own().map_or_else(|_| Library::built_in(), |place| place.library);
    match &targets.name {
        Some(name) => match library.get(name) {
            Some(target) => {
                show(target);
                Ended::Well
            }
            None => {
                let names: Vec<&str> = library.iter().map(|target| target.name.as_str()).collect();
                complain(&format!("There is no target “{name}”."), Some(&format!("Known are {}.", names.join(", "))));
                Ended::Usage
            }
        },
        None => {
            list(&library);
            Ended::Well
        }
    }
}

fn list(library: &Library) {
    for target in library.iter() {
        println!("{}", visible(&in_short(target)));
    }
    for refused in library.refused() {
        complain(&format!("Your target {} is not used: {}", refused.file, refused.error), None);
    }
    println!();
    println!("labwizard targets NAME shows what one reads and which rights it needs.");
    if let Some(folder) = targets_folder() {
        println!("Your own go into {} (labwizard targets --check FILE reads one).", folder.display());
    }
}

fn show(target: &Target) {
    println!("{}", visible(target.spec.title.as_str()));
    for section in describe(target, NEWEST) {
        println!("\n{}", visible(&section.title));
        for line in &section.lines {
            println!("  {}", visible(line));
        }
    }
}

fn check_file(path: &Path) -> Ended {
    let caller = Caller::of_process(|name| std::env::var(name).ok());
    let seen = match read_config(path, &caller) {
        Ok(seen) => seen,
        Err(error) => {
            complain(&error.sentence(), Some(&error.hint()));
            return Ended::Badly;
        }
    };
    let Some(there) = seen.there else {
        complain(&format!("There is no file {}.", path.display()), None);
        return Ended::Badly;
    };
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    match check(&name, there.text.as_str()) {
        Ok(target) => {
            println!("{} is a good target: {}.", visible(&name), visible(target.spec.title.as_str()));
            for (right, what) in target.spec.dangerous() {
                println!(
                    "It asks for rights that reach beyond machines: {} on {}.",
                    what.join(", "),
                    right.on.as_str()
                );
            }
            Ended::Well
        }
        Err(error) => {
            for line in error.to_string().lines() {
                eprintln!("{}", visible(line));
            }
            Ended::Badly
        }
    }
}
