//! What can be wrong on the road to a host: its name, the connection, who answers, and its certificate.

use super::*;

pub(super) fn road(names: &Names, add: Add<'_>) {
    let case = Case::of(names);
    let at: IpAddr = "10.0.0.5".parse().unwrap();
    let mut one = |about: &str, what: Seen| add(about, case.found(&seen([what])));
    one("the name is not known", Seen::NotResolved(NameTrouble::Unknown));
    one("no name server answers", Seen::NotResolved(NameTrouble::NoServer));
    for (about, trouble) in [
        ("port closed", ConnectTrouble::Refused),
        ("nobody there", ConnectTrouble::TimedOut),
        ("no route", ConnectTrouble::Unreachable),
        ("closed at once", ConnectTrouble::Reset),
        ("a sandbox", ConnectTrouble::Forbidden),
    ] {
        let tried = vec![(endpoint(names, 8006), at, trouble), (endpoint(names, 443), at, ConnectTrouble::TimedOut)];
        one(about, Seen::NotConnected(tried));
    }
    one("a UniFi console", Seen::NotProxmox(Speaker::Unifi));
    one("a backup server", Seen::NotProxmox(Speaker::ProxmoxBackup));
    one("a redirect", Seen::NotProxmox(Speaker::Redirect { to: format!("https://login.example/{}", names.words) }));
    let other = |status, html| Seen::NotProxmox(Speaker::Other { server: Some(names.words.clone()), status, html });
    one("a page instead of the API", other(200, true));
    one("another server", other(404, false));
    one("a proxy that gets no answer", other(502, true));
    one("no whole answer", Seen::NotProxmox(Speaker::Nothing(RequestTrouble::TimedOut)));
    let mut behind = case.clone();
    behind.surroundings.proxies = vec!["HTTPS_PROXY".into()];
    add(
        "nobody there, with a proxy set",
        behind.found(&seen([Seen::NotConnected(vec![(endpoint(names, 8006), at, ConnectTrouble::TimedOut)])])),
    );
    let mut here = case.clone();
    here.surroundings.hosts_file = vec![names.name.clone()];
    add("a name of the hosts file", here.found(&seen([Seen::Connected(endpoint(names, 8006), at)])));
    let local = Endpoint { host: Host::Name("pve.local".into()), port: 8006 };
    add("a name of mDNS", case.found(&seen([Seen::Connected(local, at)])));
}

pub(super) fn certificates(names: &Names, add: Add<'_>) {
    let case = Case::of(names);
    let ca = Case { trust: Some(Trust::Ca(Der(vec![1]))), ..case.clone() };
    let pinned = Case { remembered: Some(print("AA")), ..case.clone() };
    let by_ca = Case { remembered: Some(print("AA")), ..ca.clone() };
    let mut one =
        |about: &str, case: &Case<'_>, verdict, left| add(about, case.found(&seen([shown(names, verdict, left)])));
    let year = 365 * DAY;
    one("the pinned certificate is another", &pinned, Err(TlsTrouble::OtherCertificate { agreed: print("AA") }), year);
    one("the remembered CA did not sign it", &by_ca, Err(TlsTrouble::UnknownIssuer), year);
    one("another certificate, by the same CA", &by_ca, Ok(()), year);
    one("no CA that is trusted", &ca, Err(TlsTrouble::UnknownIssuer), year);
    one("made out for other names", &ca, Err(TlsTrouble::OtherName(vec!["pve".into(), "10.0.0.5".into()])), year);
    one("it has ended", &ca, Err(TlsTrouble::Expired), -3 * DAY);
    one("its CA has ended", &ca, Err(TlsTrouble::Expired), year);
    one("not valid yet", &ca, Err(TlsTrouble::NotYetValid), -1);
    one("the wrong key", &case, Err(TlsTrouble::BadSignature), year);
    one("an odd algorithm", &case, Err(TlsTrouble::Unsupported(names.words.clone())), year);
    one("a pinned one that has ended", &case, Ok(()), -3 * DAY);
    one("it ends within thirty days", &case, Ok(()), 20 * DAY);
    one("it ends within two weeks", &ca, Ok(()), 9 * DAY);
    one("not verified", &Case { trust: Some(Trust::Unverified), ..case.clone() }, Ok(()), year);
    for (about, trouble) in [
        ("plain HTTP", TlsTrouble::PlainHttp),
        ("no TLS", TlsTrouble::NotTls),
        ("closed in the handshake", TlsTrouble::Closed),
        ("a handshake without end", TlsTrouble::TimedOut),
        ("another trouble", TlsTrouble::Other(names.words.clone())),
    ] {
        add(about, case.found(&seen([Seen::NoTls(trouble)])));
    }
    let told = |left, strict| {
        let certificate = leaf(names, "CC", left);
        Seen::ClusterCa(Ok(ClusterCa { certificate, pem: String::new(), strict, proved: true }))
    };
    add("a CA of the older make", case.found(&seen([told(9 * year, false)])));
    add("a CA that ends", case.found(&seen([told(100 * DAY, true)])));
    for trouble in [
        CaTrouble::NotACa("two blocks".into()),
        CaTrouble::Expired,
        CaTrouble::DoesNotSignTheServed,
        CaTrouble::OtherName(vec![names.words.clone()]),
    ] {
        add("a CA that is not used", case.found(&seen([Seen::ClusterCa(Err(trouble))])));
    }
    for off in [95, -9000] {
        add("a clock that is off", case.found(&seen([Seen::SignedIn { release: NEW, clock_off: Some(off) }])));
    }
}
