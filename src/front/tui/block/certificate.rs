//! A certificate to be compared, its fingerprint in the two lines that Proxmox's own screens can be held against.

use super::MARGIN;
use crate::front::tui::sheet::Sheet;
use crate::front::tui::theme::Role;
use crate::front::words;
use crate::wizard::page::CertificateCard;

/// Days before its end from which a certificate's end is a warning.
const SOON: i64 = 14;

pub fn draw(sheet: &mut Sheet, card: &CertificateCard) {
    if !card.heading.is_empty() {
        sheet.indented(MARGIN, &card.heading, Role::Plain);
        sheet.gap();
    }
    // The fingerprint's halves stay whole on 60 columns.
    let (margin, names) = if sheet.width < MARGIN + 12 + 47 { (MARGIN, 8) } else { (MARGIN + 2, 10) };
    let (first, second) = card.certificate.fingerprint.halves();
    let until = if card.days_left < SOON { Role::Warning } else { Role::Plain };
    for (name, value, role) in [
        ("for", words::names(&card.certificate), Role::Plain),
        ("by", words::issuer(&card.certificate), Role::Plain),
        ("until", words::until(card), until),
        ("SHA-256", first, Role::Strong),
        ("", second, Role::Strong),
    ] {
        let lead = vec![sheet.blanks(margin), sheet.run(&format!("{name:<names$}"), Role::Quiet)];
        sheet.flow(lead, &value, role);
    }
}
