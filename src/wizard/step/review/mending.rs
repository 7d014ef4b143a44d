//! The plan of a repair that changes the file alone: the smallest edit that the chosen mends ask for.

use crate::diagnosis::config::{Scene, understand};
use crate::domain::Trouble;
use crate::domain::finding::Mend;
use crate::domain::visible::upper_first;
use crate::format::EditError;
use crate::plan::action::Unfit;
use crate::plan::mend::{NoMend, Order, Told, plan};
use crate::target::nearby;
use crate::wizard::Wizard;
use crate::wizard::step::file;

use super::drafting::{Draw, agreed_oddities, not_read};

/// What the mends make of the file as it is now.
pub(super) fn draw(w: &Wizard, mends: &[Mend]) -> Result<Draw, Trouble> {
    let (seen, around) = file::seen(w).ok_or_else(|| not_read(w))?;
    let library = &w.setting.library;
    let scene = Scene { library, seen, around, environment: &w.setting.environment };
    let config = understand(scene).map_err(|finding| Trouble::new(finding.title, Some(finding.cause)))?;
    let declared = config.form(library).and_then(|form| nearby::declared(form, around));
    let told = Told { declared: declared.as_deref(), ..Told::default() };
    let agreed = agreed_oddities(w, seen);
    let shown = |path: &std::path::Path| file::shown(w, path);
    let order = Order { config: &config, library, seen, told, mends, agreed, shown: &shown };
    let nothing =
        |plan, prepared, duplicate| Draw { prepared, plan, making: None, duplicate, kept: Default::default() };
    match plan(&order) {
        Ok(mended) => Ok(nothing(mended.plan, mended.prepared, None)),
        Err(NoMend::Unfit(Unfit::Edit(EditError::Duplicate { key, lines }))) => {
            Ok(nothing(Default::default(), None, Some((key, lines))))
        }
        Err(why) => Err(Trouble::new(
            format!("{}.", upper_first(&why.to_string())),
            Some("Go back and choose another way.".to_owned()),
        )),
    }
}
