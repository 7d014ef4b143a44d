//! Lists, shows and checks targets.

use std::path::Path;

use crate::cli::Targets;
use crate::command::place::{Place, targets_folder};
use crate::command::{Ended, complain};
use crate::disk::{Caller, read_config};
use crate::domain::Release;
use crate::domain::visible;
use crate::target::library::check;
use crate::target::needs::needs;
use crate::target::{Library, Target};

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
        let yours = if target.yours { "  (yours)" } else { "" };
        println!("{:18} {}{yours}", target.name, target.spec.title.as_str());
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
    let spec = &target.spec;
    println!("{}: {}", visible(spec.title.as_str()), visible(spec.about.as_str()));
    if let Some(source) = &spec.source {
        println!("as of {}", visible(source.as_str()));
    }
    println!("\nForms");
    for form in &spec.form {
        let files: Vec<&str> = form.file.iter().map(|file| file.as_str()).collect();
        println!("  {}: {}", visible(form.name.as_str()), files.join(", "));
    }
    println!("\nKeys");
    for (name, key) in spec.keys.iter() {
        let about = key.about.as_ref().map(|about| format!("  {}", visible(about.as_str()))).unwrap_or_default();
        println!("  {:28} {}{about}", visible(name), key.value.fact);
    }
    let release = Release::new(9, 2, 0);
    println!("\nRights on Proxmox VE {}.{}", release.major, release.minor);
    for need in needs(spec, release, &Default::default(), &Default::default()) {
        let privileges: Vec<&str> = need.privileges.iter().map(String::as_str).collect();
        println!("  {}  to {}\n      {}", need.path, need.purpose, privileges.join(" "));
    }
    if spec.groups.iter().next().is_some() {
        println!("\nMore rights, if you say yes to");
        for (name, ask) in spec.groups.iter() {
            println!("  {:14} {}", visible(name), visible(ask.as_str()));
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
