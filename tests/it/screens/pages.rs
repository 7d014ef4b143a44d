//! Pages made by hand: the five screens that the tone was found with, and one page for each kind of block.

use labwizard::domain::finding::Step;
use labwizard::domain::{Certificate, CertificateName, Code, Der, Finding, Fingerprint, Id, Link, Severity, Text};
use labwizard::wizard::page::*;

pub fn page(step: Step, title: &str, blocks: Vec<Block>) -> Page {
    let all =
        [Step::Target, Step::Host, Step::Trust, Step::Access, Step::Details, Step::Verify, Step::Review, Step::Done];
    let here = all.iter().position(|one| *one == step).unwrap_or(0);
    let state = |at: usize| match at.cmp(&here) {
        std::cmp::Ordering::Less => StepState::Done,
        std::cmp::Ordering::Equal => StepState::Current,
        std::cmp::Ordering::Greater => StepState::Pending,
    };
    Page {
        step,
        road: all.iter().enumerate().map(|(at, step)| (*step, state(at))).collect(),
        banner: None,
        title: title.into(),
        blocks,
        submit: "next",
        back: true,
        busy: None,
        last: false,
        settling: vec![],
        focus: None,
        help: vec!["The address is the one that you open in your browser.".into()],
    }
}

pub fn text(text: &str, tone: Tone) -> Block {
    Block::Text(Paragraph { text: text.into(), tone })
}

pub fn field(id: &'static str, label: &str, value: &str) -> Field {
    Field {
        id: Id::fixed(id),
        label: label.into(),
        value: Text::new(value),
        placeholder: String::new(),
        secret: false,
        multiline: false,
        note: None,
        error: None,
    }
}

fn link(link: Link, state: LinkState, sentence: &str, took_ms: Option<u64>) -> RoadLink {
    RoadLink { link, word: link.word().into(), state, sentence: sentence.into(), took_ms }
}

fn answer(id: &'static str, title: &str, about: &[&str], risky: bool) -> Answer {
    Answer {
        id: Id::fixed(id),
        title: title.into(),
        about: about.iter().map(|line| (*line).to_owned()).collect(),
        risky,
    }
}

fn choice(id: &'static str, label: &str, options: Vec<Answer>, chosen: Option<&'static str>) -> Block {
    Block::Choice(Choice {
        id: Id::fixed(id),
        label: label.into(),
        options,
        chosen: chosen.map(Id::fixed),
        error: None,
    })
}

fn items(count: usize) -> Vec<Item> {
    (0..count)
        .map(|at| Item {
            id: Id::new(format!("{}", 100 + at)),
            title: format!("guest-{}", 100 + at),
            about: format!("on pve{}, {} GiB", at % 3 + 1, at % 7 + 1),
        })
        .collect()
}

pub fn pick(count: usize, chosen: Option<&str>) -> Pick {
    Pick {
        id: Id::fixed("pick.guest"),
        label: "Template".into(),
        items: items(count),
        chosen: chosen.map(|id| Id::new(id.to_owned())),
        empty: "The token may see no guest: it lacks VM.Audit on /vms.".into(),
        optional: true,
        error: None,
    }
}

fn certificate() -> Certificate {
    Certificate {
        fingerprint: Fingerprint::of(b"a certificate made up for a test"),
        key: Fingerprint::of(b"its key"),
        subject: "pve.lan".into(),
        issuer: "PVE Cluster Manager CA (cluster “homelab”)".into(),
        self_issued: false,
        names: vec![
            CertificateName::Dns("pve.lan".into()),
            CertificateName::Dns("pve".into()),
            CertificateName::Ip([192, 168, 1, 50].into()),
        ],
        not_before: 0,
        not_after: 0,
        der: Der(Vec::new()),
    }
}

fn card() -> Block {
    Block::Certificate(CertificateCard {
        heading: "This host shows a certificate of its own cluster, as Proxmox does by default.".into(),
        certificate: certificate(),
        days_left: 103,
        until: "2027-03-04".into(),
    })
}

pub fn finding() -> Finding {
    Finding::new(
        Code("rights.missing"),
        Severity::Error,
        Step::Access,
        "4 rights that Glassdome needs are missing.",
        "The host names no reason. A token whose rights are kept apart from its user's has only what it is granted.",
    )
    .seen("/storage/local-lvm   Datastore.AllocateSpace")
    .seen("/vms                 VM.Clone, VM.Allocate")
    .say("Grant exactly these 4 from here; that needs a login that may change permissions.")
    .run(
        "In root's shell on the host:",
        "pveum acl modify /vms --tokens 'apex@pve!glassdome-token' --roles LabwizardGlassdome",
    )
}

fn warning() -> Finding {
    Finding::new(
        Code("tls.unverified"),
        Severity::Warning,
        Step::Trust,
        "The certificate is not verified.",
        "Anyone on the way can read the token.",
    )
    .possible(&[Code("token.refused"), Code("token.expired")])
}

fn plan(done: bool) -> Block {
    let line = |sentence: &str, state, outcome: Option<&str>| PlanLine {
        sentence: sentence.into(),
        state,
        outcome: outcome.map(str::to_owned),
    };
    use LinkState::*;
    let states = if done { [Good, Running, Waiting, Waiting] } else { [Waiting; 4] };
    Block::Plan(vec![PlanGroup {
        heading: "On pve.lan, signed in as root@pam".into(),
        actions: vec![
            line(
                "make the user labwizard-glassdome@pve (no password)",
                states[0],
                done.then_some("it was there already"),
            ),
            line("make the role LabwizardGlassdome with the privileges below", states[1], None),
            line("make the token labwizard-glassdome@pve!glassdome, until 2027-02-20", states[2], None),
            line("grant the role on /vms, /storage/local-lvm and /nodes/pve, to both", states[3], None),
        ],
    }])
}

fn diff() -> Block {
    Block::Diff(FileDiff {
        path: "~/glassdome/.env".into(),
        about: "new values; 14 other lines stay as they are".into(),
        lines: vec![
            (DiffSide::Kept, "# Proxmox".into()),
            (DiffSide::Removed, "PROXMOX_HOST=10.0.0.5".into()),
            (DiffSide::Added, "PROXMOX_HOST=pve.lan".into()),
            (DiffSide::Added, "PROXMOX_TOKEN_VALUE=•••••••• (36 characters, made in step 3)".into()),
        ],
        notes: vec!["mode 0644 → 0600".into(), "git ignores it".into(), "the old file is kept for undo".into()],
    })
}

pub fn facts() -> Block {
    let fact = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Block::Facts(vec![
        fact("Next", "start Glassdome again, so that it reads the new file"),
        fact("Check", "labwizard check ~/glassdome/.env"),
        fact("Undo", "labwizard undo 7f3a      takes back what was made (by login or SSH)"),
        fact("Share", "labwizard can save these answers, without secrets, for a colleague"),
    ])
}

pub fn command() -> Block {
    Block::Command(Command { about: "In root's shell on the host:".into(), text: "pvenode cert info".into() })
}

pub fn host() -> Page {
    let mut address = field("host", "Address", "https://pve.lan:8006/api2/json");
    address.note = Some("pve.lan, port 8006".into());
    page(
        Step::Host,
        "Where is your Proxmox?",
        vec![
            Block::Field(address),
            Block::Road(vec![
                link(Link::Resolve, LinkState::Good, "192.168.1.50", None),
                link(Link::Connect, LinkState::Good, "port 8006", Some(2)),
                link(Link::Proxmox, LinkState::Good, "VE answers; people sign in as pam, pve or ldap-home", None),
            ]),
            text(
                "Any shape will do: a name, an address, the line from your browser. It is also the line that the Proxmox \
                 machine shows on its own screen.\nNo password or token is sent before you have seen the certificate.",
                Tone::Quiet,
            ),
        ],
    )
}

pub fn secret() -> Page {
    let mut secret = field("secret", "Secret", "");
    secret.secret = true;
    page(Step::Access, "What is the token?", vec![Block::Field(secret), Block::Field(field("name", "Name", ""))])
}

pub fn trust() -> Page {
    page(
        Step::Trust,
        "Is this your Proxmox?",
        vec![
            card(),
            text("Compare it once: in the web UI under pve → System → Certificates, or on the host with", Tone::Plain),
            command(),
            Block::Field(field("fingerprint", "Paste it here and I compare", "")),
            choice(
                "trust",
                "",
                vec![
                    answer(
                        "same",
                        "It is the same: trust it",
                        &[
                            "After signing in I take the cluster's CA, and check that this certificate comes from it. A renewed one \
                           will not break anything.",
                        ],
                        false,
                    ),
                    answer("ca", "Use a CA file", &[], false),
                    answer("system", "Only the system's CAs", &[], false),
                    answer("none", "Do not verify (anyone on the way can read your token)", &[], true),
                ],
                None,
            ),
        ],
    )
}

pub fn verify() -> Page {
    let mut page = page(
        Step::Verify,
        "Will Glassdome be able to work with apex@pve!glassdome-token?",
        vec![
            Block::Road(vec![
                link(Link::Resolve, LinkState::Good, "192.168.1.50", Some(1)),
                link(Link::Connect, LinkState::Good, "port 8006", Some(2)),
                link(Link::Certificate, LinkState::Good, "the one you trusted", Some(9)),
                link(Link::Proxmox, LinkState::Good, "it answers", Some(6)),
                link(Link::SignIn, LinkState::Good, "as apex@pve!glassdome-token; VE 9.2.11", Some(8)),
                link(Link::Rights, LinkState::Broken, "4 that Glassdome needs are missing", Some(7)),
                link(Link::Target, LinkState::Waiting, "waits for the rights", None),
            ]),
            Block::Facts(vec![
                ("Missing".into(), "/storage/local-lvm   Datastore.AllocateSpace".into()),
                (String::new(), "/vms                 VM.Clone, VM.Allocate".into()),
                (String::new(), "/sdn/zones/…         SDN.Use".into()),
            ]),
            text(
                "The host names no reason. A token whose rights are kept apart from its user's (privilege separation, the \
                 default) has only what it is granted.",
                Tone::Plain,
            ),
            choice(
                "mend",
                "",
                vec![
                    answer("grant", "Grant exactly these 4", &["needs a login that may change permissions"], false),
                    answer("commands", "Show the commands", &["for root's shell on the host"], false),
                    answer("other", "Choose another token", &[], false),
                ],
                Some("grant"),
            ),
        ],
    );
    page.submit = "do it";
    page
}

pub fn review() -> Page {
    let mut page = page(
        Step::Review,
        "Nothing has been made or written yet. This will happen:",
        vec![
            plan(false),
            diff(),
            choice(
                "review",
                "",
                vec![answer("do", "Do it", &[], false), answer("save", "Save the plan as commands", &[], false)],
                Some("do"),
            ),
        ],
    );
    page.submit = "do it";
    page
}

pub fn done() -> Page {
    let mut page = page(
        Step::Done,
        "Glassdome is set up.",
        vec![
            text("~/glassdome/.env: 5 values, read back the way Glassdome reads it", Tone::Good),
            text("on pve.lan: 1 user, 1 role, 1 token, expires in 90 days", Tone::Good),
            facts(),
        ],
    );
    page.back = false;
    page.last = true;
    page
}

/// One page a kind of block, with what the five screens do not show.
pub fn kinds() -> Vec<(&'static str, Page)> {
    let mut wrong = field("host", "Address", "htp:/pve lan");
    wrong.error = Some(FieldError {
        what: "“htp:/pve lan” is no address: a name has no blanks in it.".into(),
        hint: Some("Paste the line from your browser, for instance https://pve.lan:8006".into()),
    });
    let mut secret = field("secret", "Secret", "00000000-0000-4000-8000-000000000001");
    secret.secret = true;
    secret.note = Some("36 characters, a UUID".into());
    let mut empty = field("name", "Name", "");
    empty.placeholder = "glassdome".into();
    let mut several = field("paste", "Paste", "one line\nand another\n日本語");
    several.multiline = true;
    let mut road = host();
    road.busy = Some("Asking pve.lan for its certificate".into());
    road.banner = Some("This is a demo: nothing here touches your files or a real host.".into());
    road.blocks = vec![Block::Road(vec![
        link(Link::Resolve, LinkState::Good, "192.168.1.50", Some(1)),
        link(Link::Connect, LinkState::Warning, "port 8006, on the second try", Some(3190)),
        link(Link::Certificate, LinkState::Running, "asking", None),
        link(Link::Proxmox, LinkState::Waiting, "waits for the certificate", None),
    ])];
    let mut ended = card();
    if let Block::Certificate(card) = &mut ended {
        (card.days_left, card.until) = (-5, "2026-11-17".into());
    }
    let form = |blocks| page(Step::Details, "What should Glassdome use?", blocks);
    let texts = [Tone::Plain, Tone::Quiet, Tone::Good, Tone::Warning, Tone::Bad];
    vec![
        ("text", form(texts.iter().map(|tone| text("A host said: \u{1b}[31m\u{202e}red“", *tone)).collect())),
        ("field", form(vec![Block::Field(wrong), Block::Field(secret), Block::Field(empty), Block::Field(several)])),
        (
            "choice",
            form(vec![choice(
                "form",
                "Which form?",
                vec![answer("env", ".env", &["for docker compose"], false), answer("toml", "TOML", &[], true)],
                Some("toml"),
            )]),
        ),
        (
            "pick",
            form(vec![
                Block::Pick(pick(10_000, Some("5000"))),
                Block::Pick(Pick { id: "pick.none".into(), label: "Bridge".into(), ..pick(0, None) }),
            ]),
        ),
        ("road", road),
        ("certificate", form(vec![ended])),
        ("findings", form(vec![Block::Findings(vec![finding(), warning()])])),
        ("plan", form(vec![plan(true)])),
        ("diff", form(vec![diff()])),
        (
            "command",
            form(vec![
                command(),
                Block::Command(Command {
                    about: String::new(),
                    text: format!("pveum {}", "role add LabwizardGlassdome ".repeat(6)),
                }),
            ]),
        ),
        ("facts", form(vec![facts()])),
    ]
}
