//! Which names a definition may have on the wire.

use syn::Attribute;

use crate::errors::Errors;
use crate::signature::Signature;

/// Whether a name may be given to a definition, or why not.
pub(crate) fn check(name: &str) -> Result<(), &'static str> {
    if name.is_empty() {
        Err("a name cannot be empty")
    } else if name.starts_with("__temporal_") {
        Err("names that start with `__temporal_` are reserved: choose another name")
    } else if name == "__stack_trace" || name == "__enhanced_stack_trace" {
        Err("every workflow answers this query already: choose another name")
    } else {
        Ok(())
    }
}

/// A method that others find by its kind and its name.
#[derive(Clone, Copy)]
pub(crate) struct Named<'a> {
    pub(crate) kind: &'static str,
    pub(crate) name: &'a str,
    pub(crate) model: &'a Signature,
    pub(crate) cfgs: &'a [Attribute],
}

/// Refuses methods of one kind and name, unless they may exclude one another.
pub(crate) fn refuse_duplicates<'a>(all: impl Iterator<Item = Named<'a>>, errors: &mut Errors) {
    let mut seen: Vec<Named<'a>> = Vec::new();
    for new in all.filter(|new| new.cfgs.is_empty()) {
        let Named { kind, name, .. } = new;
        if seen.iter().any(|old| old.kind == kind && old.name == name) {
            let message = format!("`{name}` is already the name of another {kind}");
            errors.at(&new.model.ident, message);
        }
        seen.push(new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_names_are_refused() {
        for (name, allowed) in [
            ("charge", true),
            ("__temporal", true),
            ("__temporal_x", false),
            ("__stack_trace", false),
            ("__enhanced_stack_trace", false),
            ("", false),
        ] {
            assert_eq!(check(name).is_ok(), allowed, "{name}");
        }
    }
}
