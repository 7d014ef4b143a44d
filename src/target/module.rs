//! The Terraform or OpenTofu module around a file of values: what it declares, what it lacks, and how it is run.

use crate::format::FormatError;
use crate::format::hcl::{Argument, Declared, Given, declared_variables, provider_arguments, provider_sources};
use crate::target::recognise::same_source;

/// What the `*.tf` files of one folder say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Module {
    /// Relative to the chosen folder, with `/`; empty for the folder itself.
    pub folder: String,
    /// Each with the file that declares it.
    pub variables: Vec<(String, Declared)>,
    /// Source addresses, as they stand.
    pub providers: Vec<String>,
    /// The names that the code has for them, in the same order.
    names: Vec<String>,
    /// What the code gives to providers.
    given: Vec<Given>,
    /// Files that could not be read; what they declare is not known.
    pub damaged: Vec<(String, FormatError)>,
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

impl Module {
    /// Reads the module's files, given as path and text.
    pub fn read<'t>(folder: &str, files: impl IntoIterator<Item = (&'t str, &'t str)>) -> Module {
        let mut module = Module { folder: folder.to_owned(), ..Module::default() };
        for (path, text) in files {
            match (declared_variables(text), provider_sources(text), provider_arguments(text)) {
                (Ok(variables), Ok(sources), Ok(given)) => {
                    module.variables.extend(variables.into_iter().map(|v| (path.to_owned(), v)));
                    for one in sources {
                        module.names.push(one.name);
                        module.providers.push(one.source);
                    }
                    module.given.extend(given);
                }
                (Err(error), ..) | (_, Err(error), _) | (.., Err(error)) => {
                    module.damaged.push((path.to_owned(), error));
                }
            }
        }
        module
    }

    /// What the code gives the provider with this source as this argument, in each of its blocks.
    pub fn arguments(&self, source: &str, argument: &str) -> Vec<Argument> {
        let sources = self.names.iter().zip(&self.providers);
        let mine: Vec<&String> = sources.filter(|(_, one)| same_source(one, source)).map(|(name, _)| name).collect();
        let given = self.given.iter().filter(|(name, of, _)| mine.contains(&name) && of == argument);
        given.map(|(.., argument)| argument.clone()).collect()
    }

    /// The names of the declared variables; `None` where nothing is declared, so that nothing leads.
    ///
    /// A damaged file may declare more, so that nothing can be called undeclared.
    pub fn declared(&self) -> Option<Vec<String>> {
        if self.variables.is_empty() || !self.damaged.is_empty() {
            return None;
        }
        Some(self.variables.iter().map(|(_, variable)| variable.name.clone()).collect())
    }

    /// Variables that must have a value and get none from these names, in the order of their declarations.
    pub fn without_value(&self, given: &[String]) -> Vec<&Declared> {
        let open = self.variables.iter().map(|(_, variable)| variable);
        open.filter(|variable| !variable.has_default && !given.contains(&variable.name)).collect()
    }

    /// How the module is run with this file.
    pub fn command(&self, file: &str, program: &str, verb: &str) -> Command {
        let inside = match self.folder.as_str() {
            "" => file,
            folder => file.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')).unwrap_or(file),
        };
        let mut argv = vec![program.to_owned(), verb.to_owned()];
        if inside.ends_with(".tfvars") && !loads_by_itself(inside) {
            argv.push(format!("-var-file={inside}"));
        }
        Command { folder: (!self.folder.is_empty()).then(|| self.folder.clone()), argv }
    }
}

/// A command, and the folder to run it in, relative to the chosen one. Not quoted yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    pub folder: Option<String>,
    pub argv: Vec<String>,
}

/// The variables that files loaded by themselves set, each with its file; `files` are path and keys. They count before
/// `TF_VAR_` lines.
pub fn loaded_variables(folder: &str, files: &[(String, Vec<String>)]) -> Vec<(String, String)> {
    let by_itself = files.iter().filter(|(path, _)| {
        let name = path.rsplit_once('/').map_or(path.as_str(), |(_, name)| name);
        parent(path) == folder && loads_by_itself(name)
    });
    by_itself.flat_map(|(path, keys)| keys.iter().map(|key| (path.clone(), key.clone()))).collect()
}

/// Whether what a file that is loaded by itself sets counts before what `file` sets, both in the module's folder: the
/// `*.auto.tfvars` come after `terraform.tfvars` in the order of their names, and the last counts. What is named on the command
/// line counts before all of them.
pub fn outranks(loaded: &str, file: &str) -> bool {
    let rank = |name: &str| match name {
        "terraform.tfvars" => Some((0, String::new())),
        "terraform.tfvars.json" => Some((1, String::new())),
        auto if loads_by_itself(auto) => Some((2, auto.to_owned())),
        _ => None,
    };
    rank(file).is_some_and(|own| rank(loaded).is_some_and(|other| other > own))
}

/// Whether a file in the module's folder is loaded without being named.
pub fn loads_by_itself(file: &str) -> bool {
    !file.contains('/')
        && (matches!(file, "terraform.tfvars" | "terraform.tfvars.json")
            || file.ends_with(".auto.tfvars")
            || file.ends_with(".auto.tfvars.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TF: &str = "variable \"proxmox_endpoint\" {}\nvariable \"proxmox_api_token\" {\n  sensitive = true\n}\n\
                      variable \"size\" {\n  default = 1\n}\nterraform {\n  required_providers {\n    proxmox = {\n      \
                      source = \"some/proxmox\"\n    }\n  }\n}\n";

    #[test]
    fn declarations_providers_and_what_lacks_a_value_are_told() {
        let module = Module::read("tofu", [("tofu/main.tf", TF)]);
        assert_eq!(module.declared().unwrap(), ["proxmox_endpoint", "proxmox_api_token", "size"]);
        assert_eq!(module.providers, ["some/proxmox"]);
        let open: Vec<_> = module.without_value(&["proxmox_endpoint".to_owned()]).iter().map(|v| &v.name).collect();
        assert_eq!(open, ["proxmox_api_token"]);
    }

    #[test]
    fn a_damaged_file_is_named_and_nothing_is_called_undeclared() {
        let module = Module::read("", [("main.tf", TF), ("odd.tf", "variable \"x\" {\n")]);
        assert_eq!(module.damaged[0].0, "odd.tf");
        assert_eq!(module.declared(), None);
    }

    #[test]
    fn only_files_beside_the_code_are_loaded_by_themselves() {
        let files = [
            ("tofu/terraform.tfvars".to_owned(), vec!["a".to_owned()]),
            ("tofu/env/lab.tfvars".to_owned(), vec!["b".to_owned()]),
            ("tofu/env/x.auto.tfvars".to_owned(), vec!["c".to_owned()]),
        ];
        assert_eq!(loaded_variables("tofu", &files), [("tofu/terraform.tfvars".to_owned(), "a".to_owned())]);
        assert_eq!(loaded_variables("", &files), []);
    }

    #[test]
    fn of_files_that_are_loaded_by_themselves_the_last_counts() {
        assert!(outranks("a.auto.tfvars", "terraform.tfvars"));
        assert!(outranks("b.auto.tfvars", "a.auto.tfvars"));
        assert!(!outranks("terraform.tfvars", "a.auto.tfvars"));
        assert!(!outranks("terraform.tfvars", "terraform.tfvars"));
        assert!(!outranks("a.auto.tfvars", "lab.tfvars"), "it is named on the command line");
    }

    #[test]
    fn the_command_runs_in_the_modules_folder_and_names_only_files_that_are_not_loaded_anyway() {
        let module = Module { folder: "tofu".into(), ..Module::default() };
        let command = module.command("tofu/env/lab.tfvars", "tofu", "plan");
        assert_eq!(command.folder.as_deref(), Some("tofu"));
        assert_eq!(command.argv, ["tofu", "plan", "-var-file=env/lab.tfvars"]);
        let root = Module::default();
        for file in ["terraform.tfvars", "x.auto.tfvars", ".env"] {
            assert_eq!(
                root.command(file, "tofu", "plan"),
                Command { folder: None, argv: vec!["tofu".into(), "plan".into()] }
            );
        }
        assert_eq!(
            root.command("env/x.auto.tfvars", "tofu", "plan").argv.len(),
            3,
            "only beside the code it loads itself"
        );
    }
}
