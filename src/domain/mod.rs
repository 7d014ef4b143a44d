//! The words that everything else is made of.

pub mod around;
pub mod certificate;
pub mod certificate_der;
pub mod change;
pub mod change_record;
pub mod endpoint;
pub mod estate;
pub mod file;
pub mod finding;
pub mod fingerprint;
pub mod host_input;
pub mod host_record;
pub mod id;
pub mod inquiry;
pub mod login;
pub mod observation;
pub mod paste;
mod punycode;
pub mod pveum;
pub mod redact;
pub mod release;
pub mod rights;
pub mod run_seen;
pub mod secret;
pub mod shell;
pub mod ssh;
pub mod time;
pub mod token;
pub mod visible;

pub use around::{Around, Git, Trouble};
pub use certificate::{Certificate, CertificateName, Der, Timestamp, Trust};
pub use certificate_der::{CaShape, CertificateError, KeyKind, ca_shape, certificates_from_pem};
pub use change::{Change, Grantee, TokenMake};
pub use endpoint::{Endpoint, Host, PROXMOX_PORT};
pub use estate::{AclSeen, Estate, Holder, RoleSeen, TokenSeen, UserSeen};
pub use file::{Base, Digest, FileSeen, Oddity};
pub use finding::{Code, Finding, Fix, Severity, Step};
pub use fingerprint::Fingerprint;
pub use host_input::{HostError, HostInput, HostKind, parse_host};
pub use host_record::HostRecord;
pub use id::Id;
pub use inquiry::{Credential, Inquiry};
pub use login::{Factor, Factors, HostAt, Login, LoginAnswer, Ticket};
pub use observation::{Link, Observation, Seen};
pub use paste::{
    Known, Part, Paste, PasteProblem, PastedSecret, SecretProblem, guide_mistake, parse_paste, placeholder,
};
pub use redact::Redactor;
pub use release::Release;
pub use rights::{Missing, Need, Rights, missing};
pub use run_seen::{ChangeSeen, ChangeState, RunFile, RunSeen};
pub use secret::{MASK, Secret, Text};
pub use ssh::{ShellAnswer, ShellId, SshPlace, SshTrouble};
pub use token::{TokenId, TokenName, UserId};
pub use visible::{is_bridge_name, is_node_name, is_storage_name, is_vmid, show_name, visible, visible_lines, whole};
