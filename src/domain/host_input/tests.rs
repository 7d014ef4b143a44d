//! Every shape of a host, right and wrong.

use std::net::Ipv4Addr;

use super::*;
use proptest::prelude::*;

const UUID: &str = "00000000-0000-4000-8000-000000000001";

#[test]
fn every_shape_that_people_paste_is_understood() {
    let both = "pve.lan, port 8006 or 443";
    let one = "pve.lan, port 8006";
    // text, what is understood, a part of each note
    let table: &[(&str, &str, &[&str])] = &[
        ("pve.lan", both, &[]),
        ("PVE.Lan", both, &[]),
        ("  pve.lan \n", both, &[]),
        ("pve.lan.", both, &[]),
        ("pve.lan:8006", one, &[]),
        ("pve.lan:", both, &[]),
        ("pve.lan 8006", one, &[]),
        ("pve.lan: 8006", one, &[]),
        ("pve.lan, port 8006", one, &[]),
        ("https://pve.lan:8006", one, &[]),
        ("https://pve.lan:8006/", one, &[]),
        ("HTTPS://PVE.LAN:8006/", one, &[]),
        ("https:/pve.lan:8006", one, &[]),
        ("https//pve.lan:8006", one, &[]),
        (r"https:\\pve.lan:8006\", one, &[]),
        ("//pve.lan:8006", one, &[]),
        ("https://pve.lan", both, &[]),
        ("https://pve.lan:8006/api2/json", one, &["The path /api2/json is not needed here."]),
        ("pve.lan/api2/json/", both, &["/api2/json"]),
        ("https://pve.lan:8006/#v1:0:18:4:31:::::::", one, &["#"]),
        ("https://pve.lan:8006/?console=shell&node=pve", one, &["?"]),
        ("https://pve.lan:8006/#v1:0:=qemu%2F100:4::::::", one, &["#"]),
        ("http://pve.lan:8006", one, &["https only"]),
        ("http://pve.lan", both, &["https only"]),
        ("\"pve.lan\"", both, &[]),
        ("“https://pve.lan:8006”", one, &[]),
        ("<https://pve.lan:8006/>", one, &[]),
        ("`pve.lan`,", both, &[]),
        ("pve\u{200b}.lan", both, &["not seen"]),
        ("\u{feff}pve.lan\u{a0}", both, &["not seen"]),
        ("root@pve.lan", both, &["“root” was left away"]),
        ("root@pam@pve.lan:8006", one, &["“root@pam” was left away"]),
        ("https://root@pve.lan:8006", one, &["“root”"]),
        ("ssh root@pve.lan", both, &["ssh command", "“root”"]),
        ("$ ssh -p 2222 -i key root@pve.lan", both, &["ssh command", "“root”"]),
        ("ssh -o StrictHostKeyChecking=no pve.lan uptime", both, &["ssh command"]),
        ("ssh://root@pve.lan:22", both, &["“root”", "SSH"]),
        ("pve.lan:22", both, &["SSH"]),
        ("ping pve.lan", both, &["ping command"]),
        ("telnet pve.lan 8006", one, &["telnet command"]),
        ("curl -k https://pve.lan:8006/api2/json/version", one, &["curl command", "/api2/json/version"]),
        ("PROXMOX_HOST=pve.lan", both, &["“PROXMOX_HOST”"]),
        ("PROXMOX_HOST=\"pve.lan\"", both, &["“PROXMOX_HOST”"]),
        ("host = pve.lan", both, &["“host”"]),
        ("Host: pve.lan", both, &["“Host”"]),
        (
            "Please use your web browser to configure this server - connect to:\n\n  https://192.168.1.50:8006/\n",
            "192.168.1.50, port 8006",
            &["out of the text"],
        ),
        ("10.0.0.5", "10.0.0.5, port 8006 or 443", &[]),
        ("10.0.0.5:8006", "10.0.0.5, port 8006", &[]),
        ("10.0.0.5/24", "10.0.0.5, port 8006 or 443", &["/24"]),
        ("10.0.0.5.", "10.0.0.5, port 8006 or 443", &[]),
        ("fd00::5", "fd00::5, port 8006 or 443", &[]),
        ("FD00:0:0::5", "fd00::5, port 8006 or 443", &[]),
        ("[fd00::5]", "fd00::5, port 8006 or 443", &[]),
        ("[fd00::5]:8006", "fd00::5, port 8006", &[]),
        ("https://[fd00::5]:8006/", "fd00::5, port 8006", &[]),
        ("fd00::5:8006", "fd00::5:8006, port 8006 or 443", &["[fd00::5]:8006"]),
        ("::1", "::1, port 8006 or 443", &[]),
        ("fe80::1", "fe80::1, port 8006 or 443", &["link-local"]),
        ("pve", "pve, port 8006 or 443", &[]),
        ("https://pve:8006/#v1:0:18:4:::::::", "pve, port 8006", &["#"]),
        ("HTTPS://PVE:8006/#v1:0:18:4:::::::", "pve, port 8006", &["#"]),
        ("pve:8006/?console=shell&node=pve", "pve, port 8006", &["?"]),
        ("root@pve:8006", "pve, port 8006", &["“root”"]),
        ("root@[fd00::5]:8006", "fd00::5, port 8006", &["“root”"]),
        ("https://pve:8006/api2/json/access/users/root@pam/token/x", "pve, port 8006", &["The path is not needed"]),
        ("root@pve", "pve, port 8006 or 443", &["“root”"]),
        ("ssh apex@pve", "pve, port 8006 or 443", &["ssh command", "“apex”"]),
        ("proxmox-node-2024-rack-0001", "proxmox-node-2024-rack-0001, port 8006 or 443", &[]),
        ("localhost:8006", "localhost, port 8006", &[]),
        ("my_node.lan", "my_node.lan, port 8006 or 443", &[]),
        ("_pve", "_pve, port 8006 or 443", &[]),
        ("a1-b2", "a1-b2, port 8006 or 443", &[]),
        ("3com.lan", "3com.lan, port 8006 or 443", &[]),
        ("münchen.lan", "xn--mnchen-3ya.lan (münchen.lan), port 8006 or 443", &["xn--mnchen-3ya.lan"]),
        ("https://MÜNCHEN.lan:8006", "xn--mnchen-3ya.lan (münchen.lan), port 8006", &["xn--mnchen-3ya.lan"]),
        ("рve.lan", "xn--ve-kmc.lan (рve.lan), port 8006 or 443", &["look like others"]),
        ("xn--mnchen-3ya.lan", "xn--mnchen-3ya.lan, port 8006 or 443", &[]),
        ("pve.example.com", "pve.example.com, port 8006 or 443", &["documents"]),
    ];
    for (text, understood, notes) in table {
        let host = parse_host(text).unwrap_or_else(|e| panic!("{text}: {e:?}"));
        assert_eq!(host.understood, *understood, "{text}");
        assert_eq!(host.notes.len(), notes.len(), "{text}: {:?}", host.notes);
        for (note, part) in host.notes.iter().zip(*notes) {
            assert!(note.contains(part), "{text}: {note}");
        }
    }
}

#[test]
fn without_a_port_proxmoxs_own_comes_first() {
    let ports = |text: &str| parse_host(text).unwrap().endpoints.iter().map(|e| e.port).collect::<Vec<_>>();
    assert_eq!(ports("pve.lan"), [8006, 443]);
    assert_eq!(ports("pve.lan:443"), [443]);
}

#[test]
fn another_product_is_suspected_by_its_port_or_name() {
    use HostKind::*;
    for (text, kind) in [
        ("pve.lan", Proxmox),
        ("pbs.lan:8007", LooksLikeBackupServer),
        ("unifi.lan", LooksLikeUnifi),
        ("unifi", LooksLikeUnifi),
        ("unifi.lan:8006", Proxmox),
        ("10.0.0.1:8443", LooksLikeUnifi),
        ("https://10.0.0.1/proxy/network/integration/v1/sites", LooksLikeUnifi),
        ("https://unifi.ui.com/consoles", LooksLikeUnifi),
    ] {
        assert_eq!(parse_host(text).unwrap().kind, kind, "{text}");
    }
}

/// A short name for an error, to compare by.
fn name(error: &HostError) -> String {
    let text = format!("{error:?}");
    text.split([' ', '{', '(']).next().unwrap_or_default().to_owned()
}

#[test]
fn what_is_no_host_is_refused_with_its_reason() {
    for (text, error) in [
        ("", "Empty"),
        (" \n\t", "Empty"),
        ("https://", "Empty"),
        ("10.5", "Address"),
        ("10.0.0", "Address"),
        ("10.0.0.0.5", "Address"),
        ("010.0.0.1", "Address"),
        ("0x7f.1", "Address"),
        ("0x7f000001", "Address"),
        ("127.0.0.0x1", "Address"),
        ("256.1.1.1", "Address"),
        ("10.0.0.99999999999999999999999", "Address"),
        ("pve.1", "Address"),
        ("1", "Address"),
        ("8006", "OnlyAPort"),
        (":8006", "OnlyAPort"),
        ("pve.lan:0", "PortRange"),
        ("pve.lan:65536", "PortRange"),
        ("pve.lan:99999999999", "PortRange"),
        ("pve.lan:https", "PortText"),
        ("pve.lan:8006:1", "V6"),
        ("[fd00::5", "V6"),
        ("[fd00::5]8006", "V6"),
        ("[pve.lan]:8006", "V6"),
        ("fd00::zz", "V6"),
        ("fe80::1%eth0", "Zone"),
        ("[fe80::1%25eth0]:8006", "Zone"),
        ("10。0。0。5", "Dot"),
        ("pve．lan", "Dot"),
        ("pve..lan", "EmptyLabel"),
        (".lan", "EmptyLabel"),
        (".", "EmptyLabel"),
        ("-pve.lan", "Hyphen"),
        ("pve-.lan", "Hyphen"),
        ("pve.lan\u{1b}[2J", "Character"),
        ("pve\0.lan", "Character"),
        ("pve*.lan", "Character"),
        ("pve%2elan", "Character"),
        ("ｐｖｅ.lan", "OddLetter"),
        ("𝐩𝐯𝐞.lan", "OddLetter"),
        ("ﬁle.lan", "OddLetter"),
        ("pve pve2", "SeveralWords"),
        ("10.0.0.5 10.0.0.6", "SeveralWords"),
        ("https://a.lan https://b.lan", "SeveralWords"),
        ("ftp://pve.lan", "Scheme"),
        ("htps://pve.lan", "Scheme"),
        ("root@pam", "IsAUser"),
        ("apex@pve", "IsAUser"),
        ("root@", "Character"),
        ("your-proxmox-ip-or-hostname", "Placeholder"),
        ("YOUR_PROXMOX_IP", "Placeholder"),
        ("https://your-proxmox-server:8006", "Placeholder"),
        ("<host>", "Placeholder"),
        ("0.0.0.0", "NoHost"),
        ("::", "NoHost"),
        ("224.0.0.1", "NoHost"),
        ("255.255.255.255", "NoHost"),
    ] {
        let found = parse_host(text).map(|h| h.understood).expect_err(text);
        assert_eq!(name(&found), error, "{text}");
        assert!(found.what().ends_with('.') && found.hint().ends_with('.'), "{text}");
    }
    let long = format!("{}.lan", "a".repeat(64));
    assert_eq!(name(&parse_host(&long).unwrap_err()), "TooLong");
    let longer = format!("{}lan", "abcdefgh.".repeat(30));
    assert_eq!(name(&parse_host(&longer).unwrap_err()), "TooLong");
}

#[test]
fn a_secret_is_never_taken_for_a_host_nor_quoted() {
    let table: Vec<(String, bool)> = vec![
        (UUID.into(), true),
        (UUID.to_uppercase(), true),
        (UUID.replace('-', ""), true),
        (UUID[..35].into(), true),
        (UUID[..18].into(), true),
        (format!("apex@pve!tok={UUID}"), true),
        (format!("apex@pve!tok:{UUID}"), true),
        (format!("PVEAPIToken=apex@pve!tok={UUID}"), true),
        (format!("Authorization: PVEAPIToken=apex@pve!tok={UUID}"), true),
        (format!("curl -k -H 'Authorization: PVEAPIToken=apex@pve!tok={UUID}' https://pve.lan:8006/"), true),
        (format!("apex%40pve%21tok%3D{UUID}"), true),
        (format!("https://apex@pve!tok={UUID}@pve.lan"), true),
        (format!("PROXMOX_TOKEN_VALUE={UUID}"), true),
        (format!("{{\"full-tokenid\":\"apex@pve!tok\",\"value\":\"{UUID}\"}}"), true),
        (format!("│ value │ {UUID} │"), true),
        (format!("https://pve.lan:8006/{UUID}"), false),
        (format!("pve.lan {UUID}"), true),
        ("apex@pve!glassdome-token".into(), true),
        ("apex@pve!tok=hunter2canary".into(), true),
        ("root:hunter2canary@pve.lan".into(), false),
        ("https://root:hunter2canary@pve.lan:8006".into(), false),
        ("https://root@pam:hunter2canary@pve.lan:8006/".into(), false),
        ("https://root:hunter2/canary@pve.lan".into(), false),
        ("https://root%40pam%3Ahunter2canary@pve.lan".into(), false),
        ("ssh root:hunter2canary@pve.lan".into(), false),
        ("PROXMOX_PASSWORD=hunter2canary".into(), false),
        ("password: hunter2canary".into(), false),
        ("pm_api_token_secret = \"hunter2canary\"".into(), false),
        ("X-API-KEY: hunter2canary".into(), false),
        ("Bearer hunter2canary".into(), false),
        ("PVEAuthCookie=PVE:root@pam:00000000::hunter2canary".into(), false),
        ("PVE:root@pam:00000000::hunter2canary".into(), false),
        ("PVE:!tfa!{\"totp\"%3Atrue}:00000000::hunter2canary".into(), false),
        ("CSRFPreventionToken: 00000000:hunter2canary".into(), false),
        ("hunter2-Canary!".into(), false),
        ("hunter2$canary".into(), false),
        ("AbCdEfGhIjKlMnOpQrStUvWxYz012345".into(), false),
        ("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.hunter2canaryhunter2canary".into(), false),
        ("-----BEGIN PRIVATE KEY-----\nhunter2canary".into(), false),
    ];
    for (text, pasted) in table {
        let error = parse_host(&text).map(|h| h.understood).expect_err(&text);
        let HostError::IsASecret { what, paste } = &error else { panic!("{text}: {error:?}") };
        assert!(what.starts_with('a'), "{what}");
        assert_eq!(paste.is_some(), pasted, "{text}: {error:?}");
        let said = format!("{} {} {error:?}", error.what(), error.hint()).to_lowercase();
        assert!(!said.contains("hunter2") && !said.contains(&UUID[..13]), "{said}");
    }
}

#[test]
fn no_error_quotes_more_than_a_sign_or_a_port() {
    for text in ["pve.lan:hunter2canary", "pve%hunter2canary", "hunter2 canary", "[hunter2canary]", "hunter2,canary"] {
        let error = parse_host(text).unwrap_err();
        let said = format!("{} {} {error:?}", error.what(), error.hint());
        assert!(!said.contains("canary"), "{said}");
    }
}

/// Reads a URL by the rules of RFC 3986 alone: user-info, host, port, and what follows.
fn read_url(url: &str) -> (Option<&str>, &str, &str, &str) {
    let rest = url.strip_prefix("https://").unwrap();
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (user, place) = authority.rsplit_once('@').map_or((None, authority), |(u, p)| (Some(u), p));
    let (host, port) = place.rsplit_once(':').unwrap();
    (user, host, port, path)
}

fn holds(text: &str) {
    let Ok(host) = parse_host(text) else { return };
    assert!(!host.endpoints.is_empty());
    for endpoint in &host.endpoints {
        let url = endpoint.url();
        let (user, name, port, path) = read_url(&url);
        assert_eq!((user, path), (None, ""), "{text:?}: {url}");
        assert_eq!(port, endpoint.port.to_string());
        assert_ne!(endpoint.port, 0);
        match &endpoint.host {
            Host::V4(a) => assert_eq!(name.parse(), Ok(*a)),
            Host::V6(a) => assert_eq!(name[1..name.len() - 1].parse(), Ok(*a)),
            Host::Name(n) => {
                assert_eq!(name, n);
                assert!(n.len() <= 253 && !n.ends_with('.'));
                assert!(n.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b)), "{n}");
                assert!(n.parse::<std::net::IpAddr>().is_err());
                // What the WHATWG would read as a number must not get here as a name.
                assert!(!n.rsplit('.').next().unwrap().bytes().all(|b| b.is_ascii_digit()), "{n}");
            }
        }
        // What was understood is understood again, and as the same.
        assert_eq!(parse_host(&url).unwrap().endpoints, std::slice::from_ref(endpoint), "{text:?}");
    }
}

proptest! {
    #[test]
    fn any_text_gives_a_clean_address_or_none(text in ".{0,40}") {
        holds(&text);
    }

    #[test]
    fn any_near_host_gives_a_clean_address_or_none(text in "(https?://)?([a-z0-9._]{1,6}@)?[a-zA-Z0-9.\\-_:\\[\\]äр%。]{1,24}(:[0-9]{0,6})?(/[a-z0-9?#@:]{0,10})?") {
        holds(&text);
    }

    #[test]
    fn every_v4_address_is_itself(bytes in any::<[u8; 4]>(), port in 1u16..) {
        prop_assume!(port != 22);
        let address = Ipv4Addr::from(bytes);
        if let Ok(host) = parse_host(&format!("{address}:{port}")) {
            prop_assert_eq!(&host.endpoints, &[Endpoint { host: Host::V4(address), port }]);
        } else {
            prop_assert!(address.is_unspecified() || address.is_multicast() || address.is_broadcast());
        }
    }
}
