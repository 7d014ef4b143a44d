//! The wizard: the conversation with a person, full screen or line by line.

use std::io::{self, IsTerminal};
use std::path::Path;

use clap::CommandFactory;

use crate::cli::{Cli, Looks};
use crate::command::place::Place;
use crate::command::{Ended, apply, complain, look, plain};
use crate::diagnosis::alike::likeliest;
use crate::front::plain::Plain;
use crate::front::tui::FullScreen;
use crate::front::{Front, summary};
use crate::runtime::{World, converse};
use crate::wizard::draft::Draft;
use crate::wizard::errand::Errand;
use crate::wizard::message::Exit;
use crate::wizard::walk;
use crate::wizard::{Setting, Wizard};

pub fn run(looks: Looks, file: Option<&Path>, answers: Option<&Path>) -> Ended {
    let Some(place) = Place::own_or_said() else { return Ended::Badly };
    if let Some(ended) = file.and_then(|file| not_there(&place.here, file)) {
        return ended;
    }
    let mut setting = place.setting();
    setting.mend = file.map(|file| place.here.join(file));
    let draft = match answers {
        Some(path) => match apply::draft(path, &place.library) {
            Ok(draft) => draft,
            Err(trouble) => {
                complain(&trouble.what, trouble.hint.as_deref());
                return Ended::Usage;
            }
        },
        // What a file says is not mixed with the answers of another walk.
        None if file.is_some() => Draft::default(),
        // An unfinished walk goes on where it was left; a damaged one is no reason to keep anybody.
        None => match place.state.walk().ok().flatten().and_then(|text| walk::resume(&text)) {
            Some(draft) => {
                setting.resumed = true;
                draft
            }
            None => Draft::default(),
        },
    };
    place.clean_up();
    let mut ended = hold(looks, setting, draft, place.world());
    // With what was remembered by then.
    while ended == Ended::Again {
        let setting = Setting { mend: file.map(|file| place.here.join(file)), ..place.setting() };
        ended = hold(looks, setting, Draft::default(), place.world());
    }
    ended
}

/// Says that there is no such file, and which command may have been meant.
fn not_there(here: &Path, file: &Path) -> Option<Ended> {
    if here.join(file).symlink_metadata().is_ok() {
        return None;
    }
    let commands: Vec<String> = Cli::command().get_subcommands().map(|one| one.get_name().to_owned()).collect();
    let typed = file.to_str().unwrap_or_default();
    let hint = match likeliest(typed, commands.iter().map(String::as_str)) {
        Some(meant) => format!("Is the command meant? labwizard {meant}"),
        None => "Name a config file that is there, or run labwizard alone to set one up.".to_owned(),
    };
    complain(&format!("There is no file “{}”.", file.display()), Some(&hint));
    Some(Ended::Usage)
}

/// Holds the conversation to its end.
pub fn hold(looks: Looks, setting: Setting, draft: Draft, world: World) -> Ended {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(_) => {
            complain("labwizard could not start its clock and network.", Some("The system is out of memory or files."));
            return Ended::Badly;
        }
    };
    let unattended = match setting.errand {
        Errand::SetUp if setting.mend.is_some() => "A repair asks somebody. Without anybody: labwizard check FILE",
        Errand::SetUp => "Unattended, run: labwizard apply --answers FILE --yes",
        Errand::TakeBack(_) => "Unattended, run: labwizard undo RUN --answers FILE --yes",
        Errand::Tokens => "Unattended, run: labwizard tokens --answers FILE",
    };
    let held = runtime.block_on(async {
        if plain(looks) {
            let mut front = Plain::new(look(looks));
            let ended = with(&mut front, setting, draft, world).await?;
            let nobody = front.input_ended() && ended == Ended::Interrupted && !io::stdin().is_terminal();
            if nobody {
                complain("Nothing was changed.", Some(unattended));
            }
            Ok(if nobody { Ended::Usage } else { ended })
        } else {
            with(&mut FullScreen::new(look(looks))?, setting, draft, world).await
        }
    });
    // Whoever insisted on the end does not wait for what is under way.
    runtime.shutdown_background();
    match held {
        Ok(ended) => ended,
        // The terminal is gone, and with it whoever could read this.
        Err(_) => Ended::Interrupted,
    }
}

async fn with<F: Front>(front: &mut F, setting: Setting, draft: Draft, world: World) -> io::Result<Ended> {
    let (mut wizard, first) = Wizard::new(setting, draft);
    let exit = converse(front, &mut wizard, first, world).await;
    let lines = match &exit {
        _ if wizard.page().last => summary(&wizard.page()),
        // Whoever stops in a repair reads no last page.
        Ok(Exit::Failed) if wizard.run.is_none() => vec!["Nothing was changed.".to_owned()],
        _ => Vec::new(),
    };
    front.end(&lines)?;
    exit.map(Ended::from)
}
