//! What `*.tf` files declare: the variables that a `*.tfvars` may set, and where providers come from.

use hcl_edit::Span;
use hcl_edit::expr::{Expression, ObjectKey, Traversal, TraversalOperator};
use hcl_edit::structure::{Attribute, Body, Structure};

use super::error::FormatError;
use super::hcl;

/// `variable "name" { … }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    pub name: String,
    /// A value need not be given.
    pub has_default: bool,
    /// Its value of its own, where that is yes or no.
    pub default: Option<bool>,
    /// `sensitive = true`
    pub is_sensitive: bool,
    /// The type as it stands, on one line: `string`, `object({ endpoint = string })`.
    pub type_hint: Option<String>,
    pub description: Option<String>,
}

/// An entry of `terraform { required_providers { … } }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderSource {
    /// The name that this configuration uses, as `proxmox`.
    pub name: String,
    /// As it stands, as `bpg/proxmox`.
    pub source: String,
}

/// What an argument of a provider's block comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument {
    /// Yes or no, as it stands.
    Bool(bool),
    /// `var.name`
    Variable(String),
    /// Anything else, which only the tool itself works out.
    Else,
}

/// An argument of a `provider "name" { … }`: the provider's name, its own, and what it comes from.
pub type Given = (String, String, Argument);

/// The arguments that one file gives to providers, in file order.
pub fn provider_arguments(text: &str) -> Result<Vec<Given>, FormatError> {
    let body = hcl::body(text)?;
    let blocks = body.blocks().filter(|block| block.ident.as_str() == "provider" && block.labels.len() == 1);
    let of = |attribute: &Attribute| match (said(&attribute.value), &attribute.value) {
        (Some(said), _) => Argument::Bool(said),
        (None, Expression::Traversal(traversal)) => variable(traversal).map_or(Argument::Else, Argument::Variable),
        _ => Argument::Else,
    };
    Ok(blocks
        .flat_map(|block| block.body.attributes().map(move |attribute| (block, attribute)))
        .map(|(block, attribute)| (block.labels[0].as_str().to_owned(), attribute.key.to_string(), of(attribute)))
        .collect())
}

/// `true`, `"true"`, `false` and `"false"`.
fn said(value: &Expression) -> Option<bool> {
    value.as_bool().or_else(|| value.as_str()?.parse().ok())
}

/// The name in `var.name`.
fn variable(traversal: &Traversal) -> Option<String> {
    let [operator] = traversal.operators.as_slice() else { return None };
    match (&traversal.expr, operator.value()) {
        (Expression::Variable(root), TraversalOperator::GetAttr(name)) if root.as_str() == "var" => {
            Some(name.as_str().to_owned())
        }
        _ => None,
    }
}

/// The variables that one file declares, in file order.
pub fn declared_variables(text: &str) -> Result<Vec<Declared>, FormatError> {
    let inner = text.trim_start_matches('\u{feff}');
    let body = hcl::body(inner)?;
    Ok(body
        .blocks()
        .filter(|block| block.ident.as_str() == "variable" && block.labels.len() == 1)
        .map(|block| {
            let value = |key: &str| block.body.get_attribute(key).map(|attribute| &attribute.value);
            Declared {
                name: block.labels[0].as_str().to_owned(),
                has_default: value("default").is_some(),
                default: value("default").and_then(said),
                is_sensitive: value("sensitive").and_then(Expression::as_bool) == Some(true),
                type_hint: value("type")
                    .and_then(Expression::span)
                    .map(|span| inner[span].split_whitespace().collect::<Vec<_>>().join(" ")),
                description: value("description").and_then(Expression::as_str).map(str::to_owned),
            }
        })
        .collect())
}

/// The providers that one file requires, with their sources, in file order.
pub fn provider_sources(text: &str) -> Result<Vec<ProviderSource>, FormatError> {
    fn blocks<'a>(body: &'a Body, ident: &'a str) -> impl Iterator<Item = &'a Body> {
        body.blocks().filter(move |block| block.ident.as_str() == ident).map(|block| &block.body)
    }
    let body = hcl::body(text)?;
    let mut sources = Vec::new();
    for required in blocks(&body, "terraform").flat_map(|inner| blocks(inner, "required_providers")) {
        for structure in required.iter() {
            let Structure::Attribute(attribute) = structure else { continue };
            let Expression::Object(object) = &attribute.value else { continue };
            let source = object.iter().find_map(|(key, value)| {
                let is_source = match key {
                    ObjectKey::Ident(ident) => ident.as_str() == "source",
                    ObjectKey::Expression(expression) => expression.as_str() == Some("source"),
                };
                is_source.then(|| value.expr().as_str()).flatten()
            });
            sources.extend(
                source.map(|source| ProviderSource {
                    name: attribute.key.as_str().to_owned(),
                    source: source.to_owned(),
                }),
            );
        }
    }
    Ok(sources)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_read_with_type_default_and_sensitivity() {
        let text = "\u{feff}variable \"proxmox_endpoint\" {\r\n  type = string\r\n  description = \"the URL\"\r\n}\r\n\
                    variable \"proxmox_api_token\" {\r\n  type      = string\r\n  sensitive = true\r\n  default = null\r\n}\r\n\
                    variable \"proxmox\" {\n  type = object({\n    endpoint = string\n  })\n}\n\
                    variable bare {}\nlocals { a = 1 }\n";
        let declared = declared_variables(text).unwrap();
        let names: Vec<_> = declared.iter().map(|d| (d.name.as_str(), d.has_default, d.is_sensitive)).collect();
        assert_eq!(
            names,
            [
                ("proxmox_endpoint", false, false),
                ("proxmox_api_token", true, true),
                ("proxmox", false, false),
                ("bare", false, false)
            ]
        );
        assert_eq!(declared[0].description.as_deref(), Some("the URL"));
        assert_eq!(declared[0].type_hint.as_deref(), Some("string"));
        assert_eq!(declared[2].type_hint.as_deref(), Some("object({ endpoint = string })"));
    }

    #[test]
    fn provider_sources_are_read() {
        let text = "terraform {\n  required_version = \">= 1.6\"\n  required_providers {\n    proxmox = {\n      source  = \
                    \"bpg/proxmox\"\n      version = \"~> 0.66\"\n    }\n    x = { \"source\" : \"a/x\" }\n    old = \"1\"\n  }\n}\n";
        let sources = provider_sources(text).unwrap();
        let pairs: Vec<_> = sources.iter().map(|s| (s.name.as_str(), s.source.as_str())).collect();
        assert_eq!(pairs, [("proxmox", "bpg/proxmox"), ("x", "a/x")]);
    }

    #[test]
    fn what_a_providers_arguments_come_from_is_read_and_nothing_of_their_texts() {
        let text = "provider \"proxmox\" {\n  insecure = true\n  api_token = \"CANARY\"\n  endpoint = var.url\n  a = var.x.y\n  b = \
                    \"false\"\n  c = local.x\n  ssh {\n    agent = true\n  }\n}\nprovider proxmox {\n  insecure = var.off\n}\n";
        let given: Vec<(String, Argument)> =
            provider_arguments(text).unwrap().into_iter().map(|(_, name, argument)| (name, argument)).collect();
        use Argument::*;
        let variable = |name: &str| Variable(name.to_owned());
        let wanted = [
            ("insecure", Bool(true)),
            ("api_token", Else),
            ("endpoint", variable("url")),
            ("a", Else),
            ("b", Bool(false)),
            ("c", Else),
            ("insecure", variable("off")),
        ];
        assert_eq!(given, wanted.map(|(name, argument)| (name.to_owned(), argument)));
    }

    #[test]
    fn a_damaged_file_is_answered_with_its_place_and_none_of_its_text() {
        let error = declared_variables("variable \"a\" {\n  default = CANARY CANARY\n}\n").unwrap_err();
        assert_eq!(error.line, 2);
        assert!(!format!("{error} {error:?}").contains("CANARY"));
    }
}
