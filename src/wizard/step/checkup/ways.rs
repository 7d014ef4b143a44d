//! Where each mend leads: which of them change the file alone, and which page each other one opens.

use crate::domain::finding::Mend;
use crate::domain::{Id, TokenId, UserId};
use crate::wizard::step::{PageId, details, host, instance, trust};

use super::{ALL, Told};

/// How what was found is mended.
#[derive(Clone, Debug, PartialEq)]
pub enum Way {
    /// The file alone is changed.
    File(Vec<Mend>),
    /// One answer is given anew.
    Ask(Id),
    NewSecret,
    NewToken,
    /// What is missing is granted by somebody who signs in.
    Grant,
    /// The same as commands.
    Commands,
    Certificate,
    Verify,
    LookUp,
    /// The token that is there signs in again, by somebody who signs in for it.
    Wake,
    /// This user signs in, with the rest as it stands.
    User(UserId),
    /// This token signs in, with the secret as it stands.
    Token(TokenId),
}

/// It changes the file, and nobody has to be asked anything.
pub fn is_file(mend: &Mend) -> bool {
    use Mend::*;
    matches!(mend, Rewrite { .. } | Switch { .. } | Port { .. } | Remove { .. } | Close | Ignore)
}

/// It changes the file, and what stands there leaves no choice.
pub fn is_settled(mend: &Mend) -> bool {
    is_file(mend) && !matches!(mend, Mend::Switch { .. })
}

/// The name of a mend of this host as an answer.
pub fn answer(told: &Told, mend: &Mend, instance: Option<u8>) -> Id {
    of_host(told, id(mend), instance)
}

fn of_host(told: &Told, id: Id, instance: Option<u8>) -> Id {
    match told.elsewhere(instance) {
        Some(host) => Id::new(format!("{id}.host-{host}")),
        None => id,
    }
}

/// The name of a mend of the first host.
pub fn id(mend: &Mend) -> Id {
    match mend {
        Mend::Ask(field) => Id::new(format!("ask.{field}")),
        Mend::Rewrite { key } => Id::new(format!("rewrite.{key}")),
        Mend::Switch { key, word, .. } => Id::new(format!("switch.{key}.{word}")),
        Mend::Port { key, line } => Id::new(format!("port.{key}.{line}")),
        Mend::Remove { key, line } => Id::new(format!("remove.{key}.{line}")),
        Mend::Close => Id::fixed("close"),
        Mend::Ignore => Id::fixed("ignore"),
        Mend::Grant => Id::fixed("grant"),
        Mend::NewSecret => Id::fixed("new-secret"),
        Mend::NewToken => Id::fixed("new-token"),
        Mend::Certificate => Id::fixed("certificate"),
        Mend::Verify => Id::fixed("verify"),
        Mend::LookUp => Id::fixed("look-up"),
        Mend::Wake => Id::fixed("wake"),
        Mend::User(user) => Id::new(format!("user.{}", user.realm())),
        Mend::Token(id) => Id::new(format!("token.{}", id.name)),
    }
}

const COMMANDS: Id = Id::fixed("commands");

/// The name of the answer that shows what this host is to be granted as commands.
pub fn commands(told: &Told, instance: Option<u8>) -> Id {
    of_host(told, COMMANDS, instance)
}

/// What an answer stands for, and the number of its host.
pub fn chosen(told: &Told, answer: &Id) -> Option<(Way, Option<u8>)> {
    if *answer == ALL {
        return Some((Way::File(told.file_mends()), None));
    }
    let offers = told.offers();
    let grants = offers.iter().filter(|(mend, _)| *mend == Mend::Grant);
    if let Some((_, instance)) = grants.into_iter().find(|(_, of)| commands(told, *of) == *answer) {
        return Some((Way::Commands, *instance));
    }
    let (mend, instance) = offers.into_iter().find(|(mend, of)| self::answer(told, mend, *of) == *answer)?;
    let way = match mend {
        file if is_file(&file) => Way::File(vec![file]),
        Mend::Ask(field) if field == details::VERIFY => Way::Verify,
        Mend::Ask(field) if field == trust::TRUST => Way::Certificate,
        Mend::Ask(field) => Way::Ask(field),
        Mend::NewSecret => Way::NewSecret,
        Mend::NewToken => Way::NewToken,
        Mend::Grant => Way::Grant,
        Mend::Certificate => Way::Certificate,
        Mend::Verify => Way::Verify,
        Mend::Wake => Way::Wake,
        Mend::User(user) => Way::User(user),
        Mend::Token(id) => Way::Token(id),
        _ => Way::LookUp,
    };
    Some((way, instance))
}

impl Way {
    /// Somebody signs in for it.
    pub fn logs_in(&self) -> bool {
        matches!(self, Way::NewSecret | Way::NewToken | Way::Grant | Way::LookUp | Way::Wake)
    }

    /// The page that it is about.
    pub fn page(&self) -> Option<PageId> {
        Some(match self {
            Way::File(_) => PageId::Review,
            Way::Ask(field) if *field == host::HOST => PageId::Host,
            Way::Ask(field) if *field == instance::INSTANCE || field.as_str().starts_with("pick.") => PageId::Details,
            Way::Ask(field) if field.as_str().starts_with("group.") => PageId::Uses,
            Way::Ask(_) => PageId::Token,
            Way::NewSecret | Way::NewToken | Way::Wake => PageId::Make,
            // What is granted is shown path by path.
            Way::Grant => PageId::Verify,
            Way::Commands => PageId::Guide,
            Way::Certificate => PageId::Trust,
            Way::Verify => PageId::Details,
            // It is tried at once; the page shows itself where it is refused.
            Way::User(_) | Way::Token(_) | Way::LookUp => return None,
        })
    }
}
