//! Files that come to a storage: uploaded, or fetched by the node (pve-storage API2/Storage/Status.pm, pve-manager
//! API2/Nodes.pm query_url_metadata).
//!
//! The lab reaches nobody, so what a node fetches is there at once and always as big. Checksums are not taken, because nothing
//! of a file is kept but its name and size.

use serde_json::json;

use super::super::release::LabRelease;
use super::call::{Answer, Call, Failure, Kind, Param, may, need};
use super::cluster::Volume;
use super::storage::on_node;
use super::volumes::{self, folder};

/// Bytes of a file that a node fetches.
const FETCHED: u64 = 64 << 20;

/// Images to import are uploaded since 8.
fn contents(release: LabRelease) -> Kind {
    Kind::Words(if release.uploads_images() { &["iso", "vztmpl", "import"] } else { &["iso", "vztmpl"] })
}

pub fn upload_params(release: LabRelease) -> Vec<Param> {
    vec![
        need("node", Kind::Text),
        need("storage", Kind::Text),
        need("content", contents(release)),
        need("filename", Kind::Short(255)),
        may("tmpfilename", Kind::Text),
    ]
}

pub fn upload_check(call: &Call) -> Result<(), Failure> {
    call.need(&format!("/storage/{}", call.text("storage")), &["Datastore.AllocateTemplate"])
}

pub fn upload(call: &mut Call) -> Answer {
    let place = place(call, false)?;
    let Some(file) = call.get("tmpfilename").map(String::from) else {
        return Err(Failure::died("missing temporary file name"));
    };
    let Some(size) = call.cluster.uploads.remove(&file) else {
        return Err(Failure::died(format!("temporary file '{file}' does not exist")));
    };
    let log = vec![
        format!("starting file import from: {file}"),
        format!("target node: {}", call.text("node")),
        format!("target file: {}", place.path),
        format!("file size is: {size}"),
        "finished file import successfully".to_string(),
    ];
    // A file of that name is overwritten.
    volumes::add(call.cluster, place.volume(size));
    Ok(call.task("imgcopy", "", Ok(log)))
}

pub fn download_params(release: LabRelease) -> Vec<Param> {
    vec![
        need("node", Kind::Text),
        need("storage", Kind::Text),
        need("content", contents(release)),
        need("filename", Kind::Short(255)),
        need("url", Kind::Url),
        may("verify-certificates", Kind::Bool),
    ]
}

pub fn download_check(call: &Call) -> Result<(), Failure> {
    upload_check(call)?;
    fetch_check(call)
}

/// Who lets a node fetch something sees its network through it: that took the rights to change the whole cluster, until there
/// was a privilege of its own.
pub fn fetch_check(call: &Call) -> Result<(), Failure> {
    let old = call.need("/", &["Sys.Audit"]).and_then(|()| call.need("/", &["Sys.Modify"]));
    if !call.release().knows("Sys.AccessNetwork") {
        return old;
    }
    let node = format!("/nodes/{}", call.text("node"));
    if old.is_ok() || call.may(&node, &["Sys.AccessNetwork"]) { Ok(()) } else { Err(Failure::forbidden(None)) }
}

pub fn download(call: &mut Call) -> Answer {
    let place = place(call, true)?;
    let (url, name) = (call.text("url"), place.name.clone());
    let is_there = call.cluster.storages.iter().any(|s| s.volumes.iter().any(|volume| volume.id == place.id));
    let outcome = if is_there {
        Err(format!("refusing to override existing file '{}'", place.path))
    } else {
        volumes::add(call.cluster, place.volume(FETCHED));
        Ok(vec![
            format!("downloading {url} to {}", place.path),
            format!("download of '{url}' to '{}' finished", place.path),
        ])
    };
    Ok(call.task("download", &name, outcome))
}

pub fn metadata_params(_: LabRelease) -> Vec<Param> {
    vec![need("node", Kind::Text), need("url", Kind::Url), may("verify-certificates", Kind::Bool)]
}

/// What a web server would say of a file.
pub fn metadata(call: &mut Call) -> Answer {
    let url = call.text("url");
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let name = path.split('/').skip(3).last().unwrap_or_default();
    Ok(json!({ "filename": name, "size": FETCHED, "mimetype": "application/octet-stream" }))
}

/// Where a file goes to.
struct Place {
    /// The volume's whole id.
    id: String,
    name: String,
    content: String,
    /// On the node.
    path: String,
}

impl Place {
    fn volume(&self, size: u64) -> Volume {
        let format = if self.content == "vztmpl" { "t" } else { "" };
        let format = format!("{format}{}", self.name.rsplit('.').next().unwrap_or_default());
        Volume { id: self.id.clone(), content: self.content.clone(), format, size, guest: None }
    }
}

/// Looks whether the storage takes such a file; Proxmox's words for one that is fetched are others.
fn place(call: &Call, fetched: bool) -> Result<Place, Failure> {
    let (node, name, content) = (call.text("node"), call.text("storage"), call.text("content"));
    let storage = volumes::storage(call.cluster, &name)?;
    if !on_node(storage, &node) {
        return Err(Failure::died(format!("storage '{name}' is not available on node '{node}'")));
    }
    let Some(root) = &storage.path else {
        let more = if fetched { ", not a file based storage!" } else { "" };
        return Err(Failure::died(format!("can't upload to storage type '{}'{more}", storage.kind)));
    };
    if !storage.content.contains(&content) {
        return Err(Failure::died(match fetched {
            true => format!("storage '{name}' is not configured for content-type '{content}'"),
            false => format!("storage '{name}' does not support '{content}' content"),
        }));
    }
    let file = plain_name(&call.text("filename"));
    if !has_ending(&content, &file) {
        return Err(Failure::parameter("filename", "wrong file extension"));
    }
    let path = format!("{root}/{}/{file}", folder(&content));
    Ok(Place { id: format!("{name}:{content}/{file}"), name: file, content, path })
}

/// The name without folders, and with `_` for what is not plain (pve-storage Storage.pm, normalize_content_filename).
fn plain_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    last.chars().map(|c| if c.is_ascii_alphanumeric() || "_.-".contains(c) { c } else { '_' }).collect()
}

/// Whether a file of this kind ends so (pve-storage Storage.pm: ISO_EXT_RE_0, VZTMPL_EXT_RE_1, UPLOAD_IMPORT_EXT_RE_1).
fn has_ending(content: &str, name: &str) -> bool {
    let endings: &[&str] = match content {
        "iso" => &[".iso", ".img"],
        "vztmpl" => &[".tar.gz", ".tar.xz", ".tar.zst"],
        _ => &[".ova", ".qcow2", ".raw", ".vmdk"],
    };
    let name = name.to_ascii_lowercase();
    endings.iter().any(|ending| name.len() > ending.len() && name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_is_made_plain_and_must_end_as_its_kind_does() {
        assert_eq!(plain_name("/tmp/my disk (1).iso"), "my_disk__1_.iso");
        assert_eq!(plain_name("C:\\images\\é.img"), "_.img");
        for (content, name, fits) in [
            ("iso", "debian.ISO", true),
            ("iso", ".iso", false),
            ("iso", "debian.qcow2", false),
            ("vztmpl", "debian.tar.zst", true),
            ("import", "cloud.qcow2", true),
            ("import", "cloud.iso", false),
        ] {
            assert_eq!(has_ending(content, name), fits, "{content} {name}");
        }
    }
}
