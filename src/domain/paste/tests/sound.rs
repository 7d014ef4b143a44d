//! Pastes that hold a token as Proxmox, its tools and config files write it.

use super::*;

#[test]
fn ids_and_headers_are_split() {
    check(
        vec![
            row(format!("apex@pve!glassdome-token={S}"), U, N, S),
            row(format!("  apex@pve!glassdome-token={S}\n"), U, N, S),
            row(format!("Authorization: PVEAPIToken=apex@pve!glassdome-token={S}"), U, N, S),
            row(format!("authorization:PVEAPIToken=apex@pve!glassdome-token={S}"), U, N, S),
            row(format!("Authorization: PVEAPIToken apex@pve!glassdome-token={S}"), U, N, S),
            row(format!("Authorization=PVEAPIToken=apex@pve!glassdome-token={S}"), U, N, S),
            row(format!("PVEAPIToken=apex@pve!glassdome-token={S}"), U, N, S).repaired(&["PVEAPIToken="]),
            row(format!("-H 'Authorization: PVEAPIToken=apex@pve!glassdome-token={S}'"), U, N, S),
            row(
                format!("curl -k -H 'Authorization: PVEAPIToken=apex@pve!glassdome-token={S}' https://pve.lan:8006/api2/json/access/permissions"),
                U,
                N,
                S,
            ),
            row(
                format!("$ curl --insecure --header \"Authorization: PVEAPIToken=apex@pve!glassdome-token={S}\" \\\n  https://pve.lan:8006/api2/json/cluster/resources"),
                U,
                N,
                S,
            ),
            row(
                format!("curl -H 'Authorization: PVEAPIToken=apex@pve!glassdome-token={S}' https://pve:8006/api2/json/version"),
                U,
                N,
                S,
            )
            .wrong(&["/access/permissions"]),
            row(format!("apex@pve!glassdome-token {S}"), U, N, S),
            row(format!("apex@pve!glassdome-token\n{S}"), U, N, S),
            row(format!("{S}\napex@pve!glassdome-token"), U, N, S),
            row(format!("apex@pve\nglassdome-token\n{S}"), U, N, S),
            row(format!("apex@pve glassdome-token {S}"), U, N, S),
            row(format!("o!ne@two@pve!glassdome-token={S}"), "o!ne@two@pve", N, S),
            row(format!("'apex@pve!glassdome-token={S}'"), U, N, S),
            row(format!("apex@pve!glassdome-token = {S}"), U, N, S),
            row(format!("apex@pve!glassdome-token, {S}"), U, N, S),
            row(format!("https://apex@pve!glassdome-token={S}@pve.lan:8006"), U, N, S),
        ],
        &Known::default(),
    );
}

#[test]
fn what_pveum_and_the_web_page_print_is_understood() {
    let table = format!(
        "┌──────────────┬──────────────────────────────────────┐\n│ key          │ value                                │\n╞══════════════╪══════════════════════════════════════╡\n│ full-tokenid │ apex@pve!glassdome-token             │\n├──────────────┼──────────────────────────────────────┤\n│ info         │ {{\"privsep\":\"1\"}}                      │\n├──────────────┼──────────────────────────────────────┤\n│ value        │ {S} │\n└──────────────┴──────────────────────────────────────┘\n"
    );
    let half: String = table.lines().skip(3).map(|l| l.trim_start_matches(['│', '├'])).collect::<Vec<_>>().join("\n");
    let ascii = format!(
        "+--------------+--------------------------------------+\n| key          | value                                |\n+==============+======================================+\n| full-tokenid | apex@pve!glassdome-token             |\n+--------------+--------------------------------------+\n| value        | {S} |\n+--------------+--------------------------------------+"
    );
    let json =
        format!("{{\"full-tokenid\":\"apex@pve!glassdome-token\",\"info\":{{\"privsep\":\"0\"}},\"value\":\"{S}\"}}");
    let pretty = format!(
        "{{\n   \"full-tokenid\" : \"apex@pve!glassdome-token\",\n   \"info\" : {{\n      \"comment\" : \"for the lab\",\n      \"expire\" : \"0\",\n      \"privsep\" : \"0\"\n   }},\n   \"value\" : \"{S}\"\n}}\n"
    );
    let wrap = |text: &str, width: usize| {
        let letters: Vec<char> = text.chars().collect();
        letters.chunks(width).map(|c| c.iter().collect::<String>()).collect::<Vec<_>>().join("\n")
    };
    check(
        vec![
            row(table.clone(), U, N, S),
            row(table.replace('\n', "\r\n"), U, N, S),
            row(format!("root@pve:~# pveum user token add apex@pve glassdome-token\n{table}root@pve:~# "), U, N, S),
            row(half, U, N, S),
            row(ascii, U, N, S),
            row(format!("\u{1b}[1m{table}\u{1b}[0m"), U, N, S),
            row(format!("│ value        │ {S} │"), "", "", S),
            row("│ full-tokenid │ apex@pve!glassdome-token             │", U, N, ""),
            row(table.replace("0000-4000-8000", "0000-4000-│\n│              │ 8000"), U, N, S)
                .repaired(&["Line breaks"]),
            row(json.clone(), U, N, S),
            row(pretty.clone(), U, N, S),
            row(format!("{{\"data\":{json}}}"), U, N, S),
            row(wrap(&json, 80), U, N, S).repaired(&["Line breaks"]),
            row(wrap(&json, 40), U, N, S).repaired(&["Line breaks"]),
            row(wrap(&json, 60).replace('\n', "\r\n"), U, N, S),
            row(format!("full-tokenid: apex@pve!glassdome-token\ninfo:\n  privsep: '1'\nvalue: {S}\n"), U, N, S),
            row(format!("Token ID: apex@pve!glassdome-token\nSecret: {S}"), U, N, S),
            row(format!("Token ID:\napex@pve!glassdome-token\nSecret:\n{S}\n"), U, N, S),
            row(format!("Token ID\tapex@pve!glassdome-token\nSecret\t{S}"), U, N, S),
            row(
                format!(
                    "Token Secret\nToken ID:\napex@pve!glassdome-token\nSecret:\n{S}\nPlease record the API token secret - it will only be displayed now"
                ),
                U,
                N,
                S,
            ),
            row(format!("User: apex@pve\nToken Name: glassdome-token\nSecret: {S}"), U, N, S),
            row(
                wrap(
                    &format!(
                        "curl -k -H 'Authorization: PVEAPIToken=apex@pve!glassdome-token={S}' https://pve.lan:8006/"
                    ),
                    80,
                ),
                U,
                N,
                S,
            )
            .repaired(&["Line breaks"]),
            row(
                wrap(
                    &format!(
                        "curl -k -H 'Authorization: PVEAPIToken=apex@pve!glassdome-token={S}' https://pve.lan:8006/"
                    ),
                    34,
                ),
                U,
                N,
                S,
            )
            .repaired(&["Line breaks"]),
            row(format!("apex@pve!glassdome-token={}\n{}", &S[..20], &S[20..]), U, N, S).repaired(&["Line breaks"]),
        ],
        &Known::default(),
    );
}

#[test]
fn lines_of_files_are_understood() {
    check(
        vec![
            row(format!("PROXMOX_USER=apex@pve PROXMOX_TOKEN_NAME=glassdome-token PROXMOX_TOKEN_VALUE={S}"), U, N, S),
            row(
                format!(
                    "PROXMOX_HOST=pve.lan\nPROXMOX_USER=apex@pve\nPROXMOX_TOKEN_NAME=glassdome-token\nPROXMOX_TOKEN_VALUE={S}\nPROXMOX_VERIFY_SSL=false\n"
                ),
                U,
                N,
                S,
            ),
            row(
                format!(
                    "export PROXMOX_USER='apex@pve'\nexport PROXMOX_TOKEN_NAME=\"glassdome-token\"\nexport PROXMOX_TOKEN_VALUE=\"{S}\""
                ),
                U,
                N,
                S,
            ),
            row(
                format!("PROXMOX_02_USER=apex@pve\nPROXMOX_TOKEN_NAME_02=glassdome-token\nPROXMOX_TOKEN_VALUE_02={S}"),
                U,
                N,
                S,
            ),
            row(format!("proxmox_api_token = \"apex@pve!glassdome-token={S}\""), U, N, S),
            row(format!("PROXMOX_VE_API_TOKEN='apex@pve!glassdome-token={S}'"), U, N, S),
            row(format!("PM_API_TOKEN_ID='apex@pve!glassdome-token'\nPM_API_TOKEN_SECRET='{S}'"), U, N, S),
            row(format!("pm_api_token_id     = \"apex@pve!glassdome-token\"\npm_api_token_secret = \"{S}\""), U, N, S),
            row(format!("proxmox_username = \"apex@pve!glassdome-token\"\nproxmox_token = \"{S}\""), U, N, S),
            row(format!("user: apex@pve\ntoken_name: glassdome-token\ntoken_value: {S}"), U, N, S),
            row(
                format!(
                    "default:\n  user: apex@pve\n  token_name: \"glassdome-token\"\n  token_value: \"{S}\"\n  verify_ssl: false"
                ),
                U,
                N,
                S,
            ),
            row(format!("username: apex\nrealm: pve\ntoken_name: glassdome-token\ntoken_secret: {S}"), U, N, S),
            row(format!("$env:PROXMOX_TOKEN_VALUE = \"{S}\""), "", "", S),
            row(format!("PROXMOX_TOKEN_NAME=apex@pve!glassdome-token\nPROXMOX_TOKEN_VALUE={S}"), U, N, S)
                .repaired(&["full id"]),
            row("PROXMOX_TOKEN_NAME=glassdome-token", "", N, ""),
            row(format!("PROXMOX_TOKEN_VALUE={}\n{}\nNEXT=1", &S[..16], &S[16..]), "", "", S)
                .repaired(&["Line breaks"]),
            row("PROXMOX_USER=apex\nPROXMOX_TOKEN_NAME=glassdome-token", "", N, "").wrong(&["realm behind an @"]),
            row("PROXMOX_USER=apex@pve\nPROXMOX_PASSWORD=canary-2024", U, "", "").wrong(&["password and no token"]),
            row("PROXMOX_TOKEN_NAME=1token", "", "", "").wrong(&["begins with a letter"]),
            row(
                "PROXMOX_USER=apex@pve\nPROXMOX_TOKEN_NAME=glassdome-token\nPROXMOX_TOKEN_VALUE=your-token-secret-here",
                U,
                N,
                "",
            )
            .wrong(&["“your”"]),
            row(
                format!(
                    "PROXMOX_USER=apex@pve\nPROXMOX_PASSWORD=canary\nPROXMOX_TOKEN_NAME=glassdome-token\nPROXMOX_TOKEN_VALUE={S}"
                ),
                U,
                N,
                S,
            ),
            row(
                format!(
                    "services:\n  app:\n    environment:\n      - PVE_TOKEN_NAME=glassdome-token\n      - PVE_TOKEN_VALUE={S}\n      - PVE_USER=apex@pve"
                ),
                U,
                N,
                S,
            ),
            row(
                format!(
                    "provider \"proxmox\" {{\n  endpoint  = \"https://pve.lan:8006/\"\n  api_token = \"apex@pve!glassdome-token={S}\"\n  insecure = true\n}}"
                ),
                U,
                N,
                S,
            ),
            row("PROXMOX_TOKEN_VALUE=", "", "", "").wrong(&["Nothing in this"]),
        ],
        &Known::default(),
    );
}
