//! What keeps a token from being made, as findings: who may not and who could, and what stands in the way on the host.

use crate::diagnosis::codes;
use crate::domain::finding::{Finding, Severity::Error, Step};
use crate::domain::visible::{visible, whole};
use crate::domain::{Change, Grantee, UserId};
use crate::plan::make::{Making, NoMaking};
use crate::plan::permit::Refusal;
use crate::plan::refused::deed;
use crate::wizard::step::listed;

/// Whoever is signed in may not make these.
pub fn cannot(signer: &UserId, making: &Making, refusals: &[Refusal]) -> Finding {
    let all: Vec<&Change> = making.changes.iter().chain(&making.afterwards).collect();
    let who = visible(&signer.to_string());
    let mut finding = Finding::new(
        codes::RIGHTS_CANNOT_MAKE,
        Error,
        Step::Access,
        format!("{who} may not make all of this."),
        "Users, roles and grants are changed by whoever has the rights for it at the path; root@pam has them all, and so has a \
         user with the role Administrator on /.",
    );
    for same in refusals.chunk_by(|a, b| a.at == b.at) {
        let what = same.first().and_then(|refusal| all.get(refusal.at)).map(|change| deed(change)).unwrap_or_default();
        let takes: Vec<String> =
            same.iter().map(|refusal| format!("{} on {}", refusal.privilege, refusal.path)).collect();
        finding = finding.seen(whole(&format!("{what}: takes {}", listed(&takes))));
    }
    finding.say("Sign in as root@pam or as an administrator, or choose one of the ways below.")
}

fn name(who: &Grantee) -> String {
    match who {
        Grantee::User(user) => user.to_string(),
        Grantee::Token(token) => token.to_string(),
    }
}

/// There is no plan.
pub fn no_making(why: &NoMaking) -> Finding {
    match why {
        NoMaking::Exists(id) => Finding::new(
            codes::MAKE_EXISTS,
            Error,
            Step::Access,
            format!("There is a token {} already.", visible(&id.to_string())),
            "What exists is never replaced without being asked for.",
        )
        .say("Say what shall become of it: it stays and another is made, it is replaced, it gets a new secret, or you paste the one it has.")
        .at(super::EXISTING),
        NoMaking::OwnerOff(user) => Finding::new(
            codes::MAKE_OWNER_OFF,
            Error,
            Step::Access,
            format!("The user {} is disabled, or its account has ended.", visible(&user.to_string())),
            "A token of such a user is refused, whatever it is granted.",
        )
        .say("Name another user, or enable this one: Datacenter → Permissions → Users.")
        .at(crate::wizard::step::token::USER),
        NoMaking::AclUnseen(who) => {
            let why = match who {
                Grantee::User(_) => "A grant takes the place of what a user inherits at its path, so this could take rights away that nobody saw.",
                Grantee::Token(_) => "What takes its place gets the same grants, and those that are not shown would be lost.",
            };
            Finding::new(
                codes::MAKE_ACL_UNSEEN,
                Error,
                Step::Access,
                format!("What {} holds already is not all shown here.", visible(&name(who))),
                format!("{why} Proxmox shows all grants to whoever has Sys.Audit on /access; root@pam and PVEAuditor on / have it."),
            )
            .say("Sign in as root@pam or as an administrator, name a user that is not there yet, or choose one of the ways below.")
            .at(crate::wizard::step::token::USER)
        }
        NoMaking::ShutOut { who, path } => {
            let who = name(who);
            Finding::new(
                codes::MAKE_SHUT_OUT,
                Error,
                Step::Access,
                format!("{} is kept out of {} by the role NoAccess.", visible(&who), visible(path)),
                "Where this role stands, whatever is granted beside it counts for nothing.",
            )
            .say("Name another user, or take the role away: Datacenter → Permissions.")
            .at(crate::wizard::step::token::USER)
        }
        NoMaking::Past(id) => Finding::new(
            codes::MAKE_ENDED,
            Error,
            Step::Access,
            format!("The token {} would have ended before it begins.", visible(&id.to_string())),
            "A token whose end has passed is refused, whatever its secret.",
        )
        .say("Choose a later end.")
        .at(super::EXPIRE),
        NoMaking::Gone(id) => Finding::new(
            codes::TOKEN_UNKNOWN,
            Error,
            Step::Access,
            format!("The host shows no token {}.", visible(&id.to_string())),
            "It was removed, or whoever is signed in may not see it. What is not there can be granted nothing.",
        )
        .say("Have another token made, or sign in as root@pam."),
        NoMaking::Ended(id) => Finding::new(
            codes::TOKEN_EXPIRED,
            Error,
            Step::Access,
            format!("The token {} has ended.", visible(&id.to_string())),
            "A token whose end has passed is refused, whatever it is granted.",
        )
        .say("Have another token made; or give this one a later end: Datacenter → Permissions → API Tokens → Edit."),
        NoMaking::Splits(user) => Finding::new(
            codes::MAKE_NAME_SPLITS,
            Error,
            Step::Access,
            format!("Nothing is granted to the user {}.", visible(&user.to_string())),
            "Proxmox takes a name with a comma or a semicolon in a grant for two names, so the grant could reach another user.",
        )
        .say("Name a user without these signs.")
        .at(crate::wizard::step::token::USER),
        NoMaking::UnknownPrivilege(privilege) => Finding::new(
            codes::MAKE_UNKNOWN_RIGHT,
            Error,
            Step::Access,
            format!("This release of Proxmox knows no privilege “{}”.", visible(privilege)),
            "The target needs it, and the host lists every privilege that it knows.",
        )
        .say("Update the host, or make the token by hand with what the tool needs on this release."),
    }
}
