//! HCL.
use super::document::{Document, Form, Slot};
use super::edit::{Edit, Edited};
use super::error::{EditError, FormatError};
use crate::domain::Text;
pub(super) fn slots(_text: &str) -> Result<Vec<Slot>, FormatError> {
    Ok(vec![])
}
pub(super) fn decode(_raw: &str, _form: Form) -> Option<Text> {
    None
}
pub(super) fn apply(_d: &Document, _e: &[Edit], _h: Option<&'static str>) -> Result<Edited, EditError> {
    Err(EditError::BadKey { key: String::new() })
}
