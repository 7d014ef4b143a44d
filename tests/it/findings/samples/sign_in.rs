//! What can be wrong with a token and with a login.

use super::*;

pub(super) fn tokens(names: &Names, add: Add<'_>) {
    let case = Case::of(names);
    let id = token(names).map(|token| token.to_string()).unwrap_or_default();
    for phrase in [
        "invalid token value!".to_owned(),
        format!("no such token '{}' for user '{}'", names.token, names.user),
        format!("no such user ('{}')", names.user),
        format!("token '{}' access expired", names.token),
        format!("user '{}' is disabled", names.user),
        format!("user '{}' access expired", names.user),
        format!("'{id}' is not a valid token ID"),
        "No ticket".to_owned(),
    ] {
        let all = seen([proxmox(names, OLD, false), refused(401, &phrase)]);
        add("the host names the cause", case.found(&all));
    }
    let hidden = || vec![proxmox(names, NEW, false), refused(401, "Authentication failed!")];
    add("the host names no cause", case.found(&seen(hidden())));
    add(
        "the host names no cause, in a proxy's words",
        case.found(&seen([proxmox(names, NEW, true), refused(401, "Unauthorized")])),
    );
    add("a proxy drops the token", case.found(&seen([proxmox(names, NEW, true), refused(401, "No ticket")])));
    add("a gateway asks for its own login", case.found(&seen([proxmox(names, NEW, true), refused(403, &names.words)])));
    let mut looked = |about: &str, change: &dyn Fn(&mut Estate)| {
        let mut all = hidden();
        all.push(estate(names, change));
        add(about, case.found(&seen(all)));
    };
    looked("an administrator looked: all is well but the secret", &|_| ());
    looked("an administrator looked: no such token", &|all| {
        all.users[1].tokens[0].name = "glassdome-tokem".parse().unwrap()
    });
    looked("an administrator looked: no token at all", &|all| all.users[1].tokens.clear());
    looked("an administrator looked: the token ended", &|all| all.users[1].tokens[0].expire = Some(NOW - DAY));
    looked("an administrator looked: no such user", &|all| {
        all.users[1].id = UserId::new(all.users[1].id.user(), "pam").unwrap()
    });
    looked("an administrator looked: disabled", &|all| all.users[1].enabled = false);
    looked("an administrator looked: the account ended", &|all| all.users[1].expire = Some(NOW - DAY));
    looked("somebody looked who is not shown all", &|all| {
        all.users.truncate(1);
        all.acl_whole = false;
    });
    let here =
        Seen::IsProxmox { realms: vec![realm("pam", "pam"), realm("pvee", "pve")], release_hint: Some(NEW), via: None };
    if case.signer.is_some() {
        let login = Case { password: true, signer: user(names).map(Grantee::User), ..case.clone() };
        let not_sent = Seen::NoSuchRealm(names.realm.clone());
        add("a login of a realm that is not there", login.found(&seen([here.clone(), not_sent])));
        let refused = Seen::SignInRefused { status: 401, phrase: "Authentication failed!".into(), clock_off: None };
        add("a refused token of a realm that is not there", case.found(&seen([here, refused])));
    }
    for (about, trouble) in [
        ("no answer to sign-in", RequestTrouble::TimedOut),
        ("too long an answer", RequestTrouble::TooLarge),
        ("not the answer that belongs there", RequestTrouble::Unreadable("data".into())),
        ("the daemon is down", answered(595, "Connection refused")),
    ] {
        add(about, case.found(&seen([proxmox(names, NEW, false), failed(Link::SignIn, "GET /version", trouble)])));
    }
    let ends = |change: &dyn Fn(&mut Estate)| case.found(&seen([signed_in(), estate(names, change)]));
    add("a token that ends", ends(&|all| all.users[1].tokens[0].expire = Some(NOW + 9 * DAY)));
    add("an account that ends", ends(&|all| all.users[1].expire = Some(NOW + 20 * DAY)));
}

pub(super) fn logins(names: &Names, add: Add<'_>) {
    let named = user(names);
    let case = Case { password: true, signer: named.clone().map(Grantee::User), ..Case::of(names) };
    let no = || refused(401, "authentication failure");
    add("a refused password", case.found(&seen([proxmox(names, NEW, false), no()])));
    add("a refused password, the user disabled", {
        let disabled = estate(names, |all| all.users[1].enabled = false);
        case.found(&seen([proxmox(names, NEW, false), no(), disabled]))
    });
    let of = |id: &str| Case { signer: Some(Grantee::User(id.parse().unwrap())), ..case.clone() };
    add("a refused password, in a directory", of("me@home").found(&seen([proxmox(names, NEW, false), no()])));
    add("a password for OpenID", of("me@sso").found(&seen([proxmox(names, NEW, false), no()])));
    add("a second factor", case.found(&seen([refused(200, "NeedTFA: totp")])));
    let unverified = Case { trust: Some(Trust::Unverified), ..case.clone() };
    add(
        "a password where nothing verifies",
        unverified.found(&seen([failed(Link::SignIn, "GET /version", RequestTrouble::Stopped)])),
    );
    let Some(user) = named else { return };
    add("an administrator's login is refused", vec![login::refused(&user, 401, "authentication failure")]);
    let code = |factor, off| login::code_refused(&user, factor, (401, "authentication failure"), off, 2);
    add("a code is refused", vec![code(Factor::Totp, None)]);
    add("a code is refused, and clocks differ", vec![code(Factor::Totp, Some(-95))]);
    add("a recovery key is refused", vec![code(Factor::Recovery, None)]);
    let keys = Factors { totp: false, recovery: 0, yubico: false, webauthn: true };
    add("a security key alone", vec![login::no_usable_factor(&user, keys)]);
    add(
        "no answer to a login",
        vec![login::no_answer(&user, &visible(&names.host), &answered(595, "Connection refused"), None)],
    );
}
