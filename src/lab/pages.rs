//! The pages that a browser would see: Proxmox's login page, and those of things that are no Proxmox.

use super::release::LabRelease;

/// The login page. It names the release of pve-manager before anybody has logged in (pve-manager www/index.html.tpl).
pub fn login(node: &str, release: LabRelease) -> String {
    let version = release.version();
    format!(
        r#"<!DOCTYPE html>
<html>
  <head>
    <meta http-equiv="Content-Type" content="text/html; charset=utf-8">
    <meta http-equiv="X-UA-Compatible" content="IE=edge">
    <meta name="viewport" content="width=device-width, initial-scale=1, maximum-scale=1, user-scalable=no">
    <title>{node} - Proxmox Virtual Environment</title>
    <link rel="icon" sizes="128x128" href="/pve2/images/logo-128.png" />
    <link rel="stylesheet" type="text/css" href="/pve2/css/ext6-pve.css?ver={version}" />
    <script type="text/javascript"> function gettext(val) {{ return val; }} </script>
    <script type="text/javascript" src="/pve2/ext6/ext-all.js?ver=7.0.0"></script>
    <script type="text/javascript">
    Proxmox = {{
        Setup: {{ auth_cookie_name: 'PVEAuthCookie' }},
        defaultLang: '',
        NodeName: '{node}',
        UserName: '',
        CSRFPreventionToken: 'null'
    }};
    </script>
    <script type="text/javascript" src="/proxmoxlib.js?ver=4.3.0"></script>
    <script type="text/javascript" src="/pve2/js/pvemanagerlib.js?ver={version}"></script>
  </head>
  <body>
    <div id="helper-iframe-block" style="display:none"></div>
  </body>
</html>
"#
    )
}

/// What a reverse proxy shows that wants a login of its own.
pub const PROXY_LOGIN: &str = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head>\
    <body><h1>Sign in</h1><form method=\"post\" action=\"/login\"><input name=\"username\"><input name=\"password\" \
    type=\"password\"></form></body></html>\n";

/// The shell of a UniFi OS console's web application.
pub const UNIFI: &str = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>UniFi OS</title>\
    <link rel=\"shortcut icon\" href=\"/favicon.ico\"></head><body><div id=\"root\"></div></body></html>\n";

/// What a UniFi OS console tells everybody of itself.
pub const UNIFI_SYSTEM: &str = "{\"hardware\":{\"shortname\":\"UDMPRO\"},\"name\":\"Lab Console\",\"mac\":\"000000000000\",\
    \"deviceState\":\"setup\",\"cloudConnected\":false,\"isSingleUser\":false,\"isSsoEnabled\":false}";
