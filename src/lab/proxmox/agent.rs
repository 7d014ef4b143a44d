//! The calls for the agent inside a machine (qemu-server API2/Qemu/Agent.pm). No machine of the lab runs one.

use super::super::release::LabRelease;
use super::call::{Answer, Call, Failure, Kind, Param, may, need};
use super::guests::find;

pub fn agent_params(_: LabRelease) -> Vec<Param> {
    vec![need("node", Kind::Text), need("vmid", Kind::GuestId), need("command", Kind::Text)]
}

/// Until 9 one privilege is for all of it.
fn check(call: &Call, since_9: &[&str]) -> Result<(), Failure> {
    let wanted = if call.release().knows("VM.Monitor") { &["VM.Monitor"] } else { since_9 };
    call.need(&format!("/vms/{}", call.text("vmid")), wanted)
}

pub fn read_check(call: &Call) -> Result<(), Failure> {
    check(call, &["VM.GuestAgent.Audit", "VM.GuestAgent.Unrestricted"])
}

pub fn exec_check(call: &Call) -> Result<(), Failure> {
    check(call, &["VM.GuestAgent.Unrestricted"])
}

pub fn exec_params(_: LabRelease) -> Vec<Param> {
    vec![
        need("node", Kind::Text),
        need("vmid", Kind::GuestId),
        may("command", Kind::Text),
        may("input-data", Kind::Short(65_536)),
    ]
}

pub fn exec_status_params(_: LabRelease) -> Vec<Param> {
    vec![need("node", Kind::Text), need("vmid", Kind::GuestId), need("pid", Kind::Int(0))]
}

/// Why no agent answers.
pub fn none(call: &mut Call) -> Answer {
    let guest = find(call, false)?;
    let set = guest.config.get("agent").and_then(|value| value.as_str()).unwrap_or_default();
    let enabled = set.split(',').any(|part| matches!(part, "1" | "enabled=1"));
    Err(Failure::died(match (enabled, guest.running) {
        (false, _) => "No QEMU guest agent configured".to_string(),
        (true, false) => format!("VM {} is not running", call.guest_id()),
        (true, true) => "QEMU guest agent is not running".to_string(),
    }))
}
