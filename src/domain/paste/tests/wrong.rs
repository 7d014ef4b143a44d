//! Pastes with something wrong: what is repaired, and what is named.

use super::*;

#[test]
fn what_is_surely_wrong_is_repaired_and_said() {
    check(
        vec![
            row(format!("apex@pve!glassdome-token={}", T.to_uppercase()), U, N, T).repaired(&["capital letters"]),
            row(T.to_uppercase(), "", "", T).repaired(&["capital letters"]),
            row(format!("“apex@pve!glassdome-token={S}”"), U, N, S).repaired(&["Curly quotes"]),
            row(format!("\"apex@pve!glassdome-token\"=\"{S}\""), U, N, S),
            row(format!("apex@pve!glassdome-token={S}\r\n"), U, N, S),
            row(format!("apex@pve!glassdome-token=\u{a0}{S}\u{a0}"), U, N, S).repaired(&["Blanks of another kind"]),
            row(format!("\u{feff}apex@pve!glassdome-token={S}\u{200b}"), U, N, S).repaired(&["not seen"]),
            row(format!("apex@pve!!glassdome-token={S}"), U, N, S).repaired(&["doubled “!”"]),
            row(format!("apex@pve!glassdome-token:{S}"), U, N, S).repaired(&["“:”"]),
            row(format!("apex%40pve%21glassdome-token={S}"), U, N, S).repaired(&["%40"]),
            row(format!("apex%40pve%21glassdome-token%3D{S}"), U, N, S).repaired(&["%40"]),
            row(format!("apex@pve!glassdome-token={S}="), U, N, S).repaired(&["Signs around"]),
            row(format!("apex@pve!glassdome-token={S}."), U, N, S).repaired(&["Signs around"]),
            row(format!("apex@pve!glassdome-token={}", S.replace('-', "–")), U, N, S).repaired(&["Dashes"]),
            row(S.replace('-', ""), "", "", S).repaired(&["hyphens of the secret"]),
            row(format!("apex@pve!apex@pve!glassdome-token={S}"), U, N, S).repaired(&["twice"]),
            row(format!("apex@pve!glassdome-token!tokenid={S}"), U, N, S).repaired(&["example's word"]),
            row(format!("apex@pve！glassdome-token＝{S}"), U, N, S).repaired(&["Full-width"]),
            row(format!("\u{1b}[32mapex@pve!glassdome-token\u{1b}[0m={S}"), U, N, S),
            row(format!("{{{S}}}"), "", "", S),
            row(format!("urn:uuid:{S}"), "", "", S),
            row(format!("apex@pve! glassdome-token={S}"), U, N, S).repaired(&["Blanks around"]),
            row(format!("apex@pve ! glassdome-token = {S}"), U, N, S).repaired(&["Blanks around"]),
            row(format!("PM_PASS={S}"), "", "", S).repaired(&["where a password belongs"]),
        ],
        &Known::default(),
    );
}

#[test]
fn what_is_wrong_or_missing_is_named() {
    check(
        vec![
            row("", "", "", "").wrong(&["Nothing was pasted"]),
            row(" \n\u{200b} ", "", "", "").repaired(&[]).wrong(&["Nothing was pasted"]),
            row("hello there world", "", "", "").wrong(&["Nothing in this"]),
            row("apex@pve!glassdome-token", U, N, ""),
            row("apex@pve!glassdome-token=", U, N, ""),
            row("apex@pve", U, "", ""),
            row(S, "", "", S),
            row(format!("!glassdome-token={S}"), "", N, S),
            row(format!("apex!glassdome-token={S}"), "", N, S).wrong(&["realm behind an @"]),
            row(format!("apex@pve!x={S}"), U, "", S).wrong(&["at least two"]),
            row(format!("apex@pve!1abc={S}"), U, "", S).wrong(&["begins with a letter"]),
            row(format!("apex@pve!one!two={S}"), U, "", S).wrong(&["Two “!”"]),
            row(format!("user@pam!TOKENID={S}"), "", "", S).wrong(&["user@pam", "TOKENID"]),
            row("USER@REALM!TOKENID=UUID", "", "", "").wrong(&["USER@REALM", "TOKENID", "UUID"]),
            row("apex@pve!glassdome-token=xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", U, N, "").wrong(&["placeholder letters"]),
            row("apex@pve!glassdome-token=12345678-1234-1234-1234-123456789abc", U, N, "").wrong(&["example UUID"]),
            row("apex@pve!glassdome-token=aaaaaaaa-bbb-cccc-dddd-ef0123456789", U, N, "").wrong(&["Proxmox's documentation"]),
            row("apex@pve!glassdome-token=<uuid-secret>", U, N, "").wrong(&["angle brackets"]),
            row(format!("apex@pve!glassdome-token={}", &S[..35]), U, N, "").wrong(&["ends after 35 characters"]),
            row(format!("apex@pve!glassdome-token={}", &S[..13]), U, N, "").wrong(&["ends after 13 characters"]),
            row(format!("apex@pve!glassdome-token={S}1"), U, N, "").wrong(&["fifth group"]),
            row(format!("apex@pve!glassdome-token={}", S.replace("4000", "4O00")), U, N, "").wrong(&["“O” at place 16"]),
            row("apex@pve!glassdome-token=canary-Pa55", U, N, "").wrong(&["looks like a password"]),
            row("Canary2024", "", "", "").wrong(&["looks like a password"]),
            row("PROXMOX_TOKEN_VALUE=canary!%40!^", "", "", "").repaired(&["%40"]).wrong(&["looks like a password"]),
            row("PROXMOX_PASSWORD=canary@home!xy", "", "", "").wrong(&["password and no token"]),
            row("token: canary!x@y", "", "", "").wrong(&["looks like a password"]),
            row("canary!@!^", "", "", "").wrong(&["looks like a password"]),
            row("Canary!2024", "", "", "").wrong(&["looks like a password"]),
            row("glassdome-token", "", "", "").wrong(&["looks like the name"]),
            row(format!("PBSAPIToken=apex@pbs!glassdome-token:{S}"), "apex@pbs", N, S)
                .repaired(&["“:”", "PVEAPIToken="])
                .wrong(&["Backup Server"]),
            row("PVEAuthCookie=PVE:root@pam:00000000::canary", "", "", "").wrong(&["ticket of a login"]),
            row(format!("apex@pve!one1={S}\napex@pve!two2={T}"), U, "one1", S).wrong(&["More than one"]),
            row("pveum user token add apex@pve glassdome-token --privsep 0", U, N, "").wrong(&["without what it printed"]),
            row("root@pve:~# pveum user token add 'apex@pve' glassdome-token --output-format json", U, N, "")
                .wrong(&["without what it printed"]),
            row("ssh root@pve pveum user token add apex@pve glassdome-token", U, N, "").wrong(&["without what it printed"]),
            row(format!("PROXMOX_USER={}", &T[..30]), "", "", "").wrong(&["ends after 30"]),
            row(format!("PROXMOX_TOKEN_NAME={}", &T[..30]), "", "", "").wrong(&["ends after 30"]),
            row("TOKENID", "", "", "").wrong(&["the word TOKENID"]),
            row("UUID", "", "", "").wrong(&["the word UUID"]),
            row("pveum user add apex@pve", U, "", "").wrong(&["without what it printed"]),
            row("pveum token add apex@pve!glassdome-token", U, N, "").wrong(&["no command “pveum token”"]),
            row("pveum user token remove apex@pve!glassdome-token", U, N, "").wrong(&["two arguments"]),
            row("┌────────┬─────────┬────────┬─────────┐\n│ tokenid │ comment │ expire │ privsep │\n╞═════════╪═════════╪════════╪═════════╡\n│ mytok    │         │ 0      │ 1       │\n└────────┴─────────┴────────┴─────────┘", "", "", "")
                .wrong(&["list of tokens"]),
            row("400 Parameter verification failed.\ntokenid: Token already exists.\npveum user token add <userid> <tokenid> [OPTIONS]", "", "", "")
                .wrong(&["there already"]),
            row("create user failed: no such user ('ghost@pve')", "", "", "").wrong(&["no user “ghost@pve”"]),
            row("-bash: !tok: event not found", "", "", "").wrong(&["shell took the “!”"]),
            row("-bash: pveum: command not found", "", "", "").wrong(&["no pveum"]),
            row("401 Authentication failed!", "", "", "").wrong(&["refused to sign in"]),
        ],
        &Known::default(),
    );
}
