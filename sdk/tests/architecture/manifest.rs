//! Cargo.toml files, as far as the rules look at them.

/// The names of all dependencies: normal, for builds and for tests.
pub(crate) fn dependencies(manifest: &str) -> Vec<String> {
    let mut is_dependency = false;
    let mut names = Vec::new();
    for line in manifest.lines() {
        if let Some(section) = line.strip_prefix('[') {
            is_dependency = section.trim_end_matches(']').ends_with("dependencies");
        } else if let Some((name, _)) = line.split_once(['.', ' ', '='])
            && is_dependency
            && name.starts_with(char::is_alphabetic)
        {
            names.push(name.to_owned());
        }
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// The name of a dependency in code.
pub(crate) fn crate_name(dependency: &str) -> String {
    dependency.replace('-', "_")
}
