//! The table of calls: path, method, who may, which parameters, and whether the root daemon answers.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::http::percent_decode;
use super::super::release::LabRelease;
use super::call::{Answer, Call, Failure, Kind, Param, check, may, need};
use super::{
    agent, auth, configuration, datacenter, drives, grants, guests, network, nodes, realms, storage, tasks, tokens,
    uploads, users, volumes,
};

/// Who may call. `root@pam` itself may everything and is not asked.
pub enum Allow {
    /// Also without login.
    World,
    /// Who is logged in.
    All,
    /// Nobody but `root@pam`.
    Root,
    By(fn(&Call) -> Result<(), Failure>),
}

/// A call of the API.
pub struct Route {
    pub method: &'static str,
    /// `{name}` stands for one part of the path.
    pub path: &'static str,
    pub allow: Allow,
    /// Answered by pvedaemon, which runs as root: pveproxy passes the answer on.
    pub daemon: bool,
    /// Whether a token may call it at all.
    pub token: bool,
    pub params: fn(LabRelease) -> Vec<Param>,
    pub act: fn(&mut Call) -> Answer,
}

impl Route {
    /// Whether pvedaemon answers it; in 7.4 pveproxy itself reads the users.
    pub fn by_daemon(&self, release: LabRelease) -> bool {
        self.daemon && !(release == LabRelease::V7_4_20 && (self.method, self.path) == ("GET", "/access/users"))
    }

    pub fn for_tokens(&self, release: LabRelease) -> bool {
        self.token && (!self.path.starts_with("/access/tfa") || release.tokens_read_tfa())
    }
}

type Schema = fn(LabRelease) -> Vec<Param>;
type Act = fn(&mut Call) -> Answer;

const fn proxy(method: &'static str, path: &'static str, allow: Allow, params: Schema, act: Act) -> Route {
    Route { method, path, allow, daemon: false, token: true, params, act }
}

const fn daemon(method: &'static str, path: &'static str, allow: Allow, params: Schema, act: Act) -> Route {
    Route { method, path, allow, daemon: true, token: true, params, act }
}

const fn no_token(mut route: Route) -> Route {
    route.token = false;
    route
}

fn login_params(_: LabRelease) -> Vec<Param> {
    vec![
        need("username", Kind::Short(64)),
        need("password", Kind::Text),
        may("realm", Kind::Short(32)),
        may("otp", Kind::Text),
        may("path", Kind::Text),
        may("privs", Kind::Text),
        may("new-format", Kind::Bool),
        may("tfa-challenge", Kind::Text),
    ]
}

fn null(_: &mut Call) -> Answer {
    Ok(Value::Null)
}

fn access_index(_: &mut Call) -> Answer {
    let parts = ["users", "groups", "roles", "acl", "domains", "openid", "tfa", "ticket", "password"];
    Ok(parts.iter().map(|part| serde_json::json!({ "subdir": part })).collect())
}

use Allow::{All, By, Root, World};

/// The only call whose body is a file.
const UPLOAD: &str = "/nodes/{node}/storage/{storage}/upload";

#[rustfmt::skip]
static ROUTES: &[Route] = &[
    proxy("GET", "/version", All, nodes::nothing, nodes::version),
    proxy("GET", "/access", All, nodes::nothing, access_index),
    proxy("GET", "/access/ticket", World, nodes::nothing, null),
    no_token(daemon("POST", "/access/ticket", World, login_params, auth::login)),
    proxy("GET", "/access/domains", World, nodes::nothing, realms::domains),
    proxy("GET", "/access/domains/{realm}", By(realms::domain_check), realms::domain_params, realms::domain),
    daemon("PUT", "/access/domains/{realm}", By(realms::domain_update_check), realms::domain_update_params, realms::domain_update),
    no_token(daemon("PUT", "/access/password", By(users::password_check), users::password_params, users::password)),
    proxy("GET", "/access/permissions", All, grants::permissions_params, grants::permissions),
    proxy("GET", "/access/acl", All, nodes::nothing, grants::acl),
    daemon("PUT", "/access/acl", By(grants::acl_update_check), grants::acl_update_params, grants::acl_update),
    proxy("GET", "/access/roles", All, nodes::nothing, grants::roles),
    daemon("POST", "/access/roles", By(grants::sys_modify_access), grants::role_create_params, grants::role_create),
    proxy("GET", "/access/roles/{roleid}", All, grants::role_params, grants::role),
    daemon("PUT", "/access/roles/{roleid}", By(grants::sys_modify_access), grants::role_update_params, grants::role_update),
    daemon("DELETE", "/access/roles/{roleid}", By(grants::sys_modify_access), grants::role_params, grants::role_delete),
    proxy("GET", "/access/groups", All, nodes::nothing, users::groups),
    daemon("POST", "/access/groups", By(users::group_check), users::group_create_params, users::group_create),
    daemon("DELETE", "/access/groups/{groupid}", By(users::group_check), users::group_delete_params, users::group_delete),
    daemon("GET", "/access/tfa", All, nodes::nothing, realms::tfa_list),
    daemon("GET", "/access/tfa/{userid}", By(realms::tfa_user_check), users::user_params, realms::tfa_user),
    no_token(daemon("POST", "/access/tfa/{userid}", By(realms::tfa_user_check), realms::tfa_add_params, realms::tfa_add)),
    daemon("GET", "/access/users", All, users::users_params, users::users),
    daemon("POST", "/access/users", By(users::user_create_check), users::user_create_params, users::user_create),
    proxy("GET", "/access/users/{userid}", By(users::user_read_check), users::user_params, users::user_read),
    daemon("PUT", "/access/users/{userid}", By(users::user_modify_check), users::user_update_params, users::user_update),
    daemon("DELETE", "/access/users/{userid}", By(users::user_delete_check), users::user_params, users::user_delete),
    daemon("PUT", "/access/users/{userid}/unlock-tfa", By(users::user_modify_check), users::user_params, users::unlock_tfa),
    proxy("GET", "/access/users/{userid}/token", By(tokens::own_or_user_modify), tokens::list_params, tokens::index),
    proxy("GET", "/access/users/{userid}/token/{tokenid}", By(tokens::own_or_user_modify), tokens::read_params, tokens::read),
    daemon("POST", "/access/users/{userid}/token/{tokenid}", By(tokens::own_or_user_modify), tokens::create_params, tokens::create),
    daemon("PUT", "/access/users/{userid}/token/{tokenid}", By(tokens::own_or_user_modify), tokens::update_params, tokens::update),
    daemon("DELETE", "/access/users/{userid}/token/{tokenid}", By(tokens::own_or_user_modify), tokens::read_params, tokens::delete),
    daemon("GET", "/cluster/status", By(datacenter::sys_audit), nodes::nothing, datacenter::cluster_status),
    proxy("GET", "/cluster/resources", All, datacenter::resources_params, datacenter::resources),
    proxy("GET", "/cluster/nextid", All, datacenter::nextid_params, datacenter::nextid),
    proxy("GET", "/cluster/mapping/pci", All, nodes::nothing, datacenter::empty_list),
    proxy("GET", "/cluster/sdn/zones", All, nodes::nothing, datacenter::empty_list),
    proxy("GET", "/storage", All, storage::storages_params, storage::storages),
    proxy("GET", "/storage/{storage}", By(storage::one_check), storage::one_params, storage::one),
    proxy("GET", "/pools", All, nodes::nothing, datacenter::pools),
    proxy("GET", "/nodes", All, nodes::nothing, nodes::nodes),
    proxy("GET", "/nodes/{node}/version", All, nodes::node_params, nodes::version),
    proxy("GET", "/nodes/{node}/status", By(nodes::node_audit), nodes::node_params, nodes::status),
    proxy("GET", "/nodes/{node}/certificates/info", All, nodes::node_params, nodes::certificates),
    proxy("GET", "/nodes/{node}/query-url-metadata", By(uploads::fetch_check), uploads::metadata_params, uploads::metadata),
    proxy("GET", "/nodes/{node}/network", All, network::network_params, network::network),
    daemon("POST", "/nodes/{node}/network", By(network::modify_check), network::create_params, network::create),
    daemon("PUT", "/nodes/{node}/network", By(network::modify_check), nodes::node_params, network::reload),
    daemon("DELETE", "/nodes/{node}/network", By(network::modify_check), nodes::node_params, network::revert),
    proxy("GET", "/nodes/{node}/network/{iface}", By(network::one_check), network::one_params, network::one),
    daemon("DELETE", "/nodes/{node}/network/{iface}", By(network::modify_check), network::one_params, network::delete),
    daemon("GET", "/nodes/{node}/storage", All, storage::node_storage_params, storage::node_storage),
    daemon("GET", "/nodes/{node}/storage/{storage}/status", By(volumes::content_check), storage::status_params, storage::status),
    daemon("GET", "/nodes/{node}/storage/{storage}/content", By(volumes::content_check), volumes::content_params, volumes::content),
    daemon("GET", "/nodes/{node}/storage/{storage}/content/{volume}", All, volumes::volume_params, volumes::volume),
    daemon("DELETE", "/nodes/{node}/storage/{storage}/content/{volume}", All, volumes::delete_params, volumes::delete),
    daemon("POST", UPLOAD, By(uploads::upload_check), uploads::upload_params, uploads::upload),
    daemon("POST", "/nodes/{node}/storage/{storage}/download-url", By(uploads::download_check), uploads::download_params, uploads::download),
    proxy("GET", "/nodes/{node}/tasks", All, tasks::tasks_params, tasks::tasks),
    daemon("GET", "/nodes/{node}/tasks/{upid}/status", All, tasks::task_params, tasks::task_status),
    daemon("GET", "/nodes/{node}/tasks/{upid}/log", All, tasks::task_log_params, tasks::task_log),
    daemon("GET", "/nodes/{node}/qemu", All, guests::list_params, guests::machines),
    daemon("POST", "/nodes/{node}/qemu", By(guests::create_check), guests::create_params, guests::create),
    daemon("DELETE", "/nodes/{node}/qemu/{vmid}", By(guests::allocate), guests::delete_params, guests::delete),
    proxy("GET", "/nodes/{node}/qemu/{vmid}/config", By(guests::audit), guests::one_params, guests::machine_config),
    daemon("PUT", "/nodes/{node}/qemu/{vmid}/config", By(configuration::config_check), configuration::config_update_params, configuration::config_update),
    daemon("GET", "/nodes/{node}/qemu/{vmid}/status/current", By(guests::audit), guests::one_params, guests::machine_status),
    daemon("POST", "/nodes/{node}/qemu/{vmid}/status/start", By(guests::power), guests::start_params, guests::start),
    daemon("POST", "/nodes/{node}/qemu/{vmid}/status/stop", By(guests::power), guests::start_params, guests::stop),
    daemon("POST", "/nodes/{node}/qemu/{vmid}/status/shutdown", By(guests::power), guests::start_params, guests::shutdown),
    daemon("POST", "/nodes/{node}/qemu/{vmid}/clone", By(guests::clone_check), guests::clone_params, guests::clone),
    daemon("PUT", "/nodes/{node}/qemu/{vmid}/resize", By(drives::resize_check), drives::resize_params, drives::resize),
    daemon("POST", "/nodes/{node}/qemu/{vmid}/agent/exec", By(agent::exec_check), agent::exec_params, agent::none),
    daemon("GET", "/nodes/{node}/qemu/{vmid}/agent/exec-status", By(agent::exec_check), agent::exec_status_params, agent::none),
    daemon("GET", "/nodes/{node}/qemu/{vmid}/agent/{command}", By(agent::read_check), agent::agent_params, agent::none),
    daemon("GET", "/nodes/{node}/lxc", All, guests::list_params, guests::containers),
    daemon("POST", "/nodes/{node}/lxc/{vmid}/status/start", By(guests::power), guests::start_params, guests::start_container),
    proxy("GET", "/nodes/{node}/lxc/{vmid}/config", By(guests::audit), guests::one_params, guests::container_config),
    daemon("GET", "/nodes/{node}/lxc/{vmid}/status/current", By(guests::audit), guests::one_params, guests::container_status),
];

/// All calls that the lab has, those too that a release lacks.
pub fn table() -> &'static [Route] {
    ROUTES
}

/// Whether a file comes in the body of this call.
pub fn is_upload(release: LabRelease, method: &str, path: &str) -> bool {
    find(release, method, &percent_decode(path, false)).is_some_and(|(route, _)| route.path == UPLOAD)
}

/// The call for a method and a path, with what stands in the path's places.
pub fn find(release: LabRelease, method: &str, path: &str) -> Option<(&'static Route, BTreeMap<String, String>)> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let fits = |route: &Route| {
        let wanted: Vec<&str> = route.path.split('/').skip(1).collect();
        // A volume's name has slashes of its own.
        let rest =
            route.path.ends_with("/{volume}").then(|| parts.get(wanted.len() - 1..).unwrap_or_default().join("/"));
        let parts: Vec<&str> = match &rest {
            Some(rest) if !rest.is_empty() => {
                parts[..wanted.len() - 1].iter().copied().chain([rest.as_str()]).collect()
            }
            _ => parts.clone(),
        };
        let mut places = BTreeMap::new();
        if route.method != method || wanted.len() != parts.len() {
            return None;
        }
        for (wanted, part) in wanted.iter().zip(&parts) {
            match wanted.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                // Proxmox matches a part of a path without blanks only.
                Some(name) if !part.contains(char::is_whitespace) => {
                    places.insert(name.to_string(), (*part).to_string());
                }
                None if wanted == part => {}
                _ => return None,
            }
        }
        Some(places)
    };
    let mut found = ROUTES.iter().filter_map(|route| Some((route, fits(route)?)));
    found.find(|(route, _)| match route.path {
        "/cluster/mapping/pci" => release.has_mappings(),
        "/access/users/{userid}/unlock-tfa" => release.locks_codes(),
        _ => true,
    })
}

/// What came of a call, and who answered.
pub struct Outcome {
    pub answer: Answer,
    /// The root daemon gave this answer.
    pub daemon: bool,
    /// What the list of a node's interfaces tells beside them: the changes that wait.
    pub changes: Option<String>,
}

/// Answers a call: find it, check rights, then the node, then the daemon, then the parameters, then act. That order is Proxmox's
/// (pve-manager HTTPServer.pm, rest_handler).
pub fn call(call: &mut Call, method: &str, path: &str) -> Outcome {
    let here = |answer| Outcome { answer, daemon: false, changes: None };
    let path = percent_decode(path, false);
    let release = call.release();
    let Some((route, places)) = find(release, method, &path) else {
        return here(Err(Failure::not_implemented(method, &path)));
    };
    call.params.extend(places);
    let is_token = super::cluster::split_token(&call.who).is_some();
    if is_token && !route.for_tokens(release) {
        let why = format!("URI '{path}' not available with API token, need proper ticket.\n");
        return here(Err(Failure::forbidden(Some(&why))));
    }
    if call.who != "root@pam" {
        let allowed = match &route.allow {
            World | All => Ok(()),
            Root => Err(Failure::forbidden(Some("user != root@pam"))),
            By(check) => check(call),
        };
        if let Err(failure) = allowed {
            return here(Err(failure));
        }
    }
    if let Some(node) = call.get("node").filter(|_| route.path.contains("{node}")) {
        match call.cluster.nodes.iter().find(|known| known.name == node) {
            None if node == "localhost" => {}
            None => return here(Err(unknown_node(node))),
            Some(known) if !known.online => {
                return here(Err(Failure::unreachable("No route to host")));
            }
            Some(known) if !known.trusted && node != call.cluster.here() => {
                return here(Err(Failure::link_broken()));
            }
            Some(_) => {}
        }
    }
    // What another node answers is passed on, like the daemon's answers.
    let by_other = call.get("node").is_some_and(|node| node != "localhost" && node != call.cluster.here());
    let by_daemon = route.by_daemon(release);
    // Rights were checked by pveproxy already; the parameters are the daemon's to check.
    if by_daemon && !by_other && !call.cluster.daemon_runs {
        return here(Err(Failure::unreachable("Connection refused")));
    }
    let schema = (route.params)(release);
    let answer = check(release, &schema, &call.params).and_then(|()| (route.act)(call));
    let lists_interfaces = (route.method, route.path) == ("GET", "/nodes/{node}/network") && answer.is_ok();
    let changes = lists_interfaces.then(|| network::changes(call.cluster, &call.text("node"))).flatten();
    Outcome { answer, daemon: by_other || by_daemon, changes }
}

fn unknown_node(node: &str) -> Failure {
    let is_name = node.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.');
    let why = if is_name { "Temporary failure in name resolution" } else { "Name or service not known" };
    Failure::died(format!("hostname lookup '{node}' failed - failed to get address info for: {node}: {why}"))
}
