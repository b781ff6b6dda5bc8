//! Source files, as far as the rules look at them: which paths they name.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::signature;

/// The names of a path: `crate::ids::RunId` is `["crate", "ids", "RunId"]`.
pub(crate) type NamePath = Vec<String>;

/// A file without its tests, its comments and its texts.
#[derive(Debug)]
pub(crate) struct Source {
    /// Where it lies below the folder that was read.
    pub(crate) file: String,
    /// The module that it is, from the root of its crate.
    pub(crate) module: NamePath,
    tokens: Vec<String>,
    /// The modules of the file that exist in tests only, and lie in files of their own.
    test_modules: Vec<NamePath>,
}

/// A path in a file, from the root of the crate or with the name of another crate first.
#[derive(Debug)]
pub(crate) struct Mention {
    pub(crate) path: NamePath,
    /// What the file calls it.
    pub(crate) name: String,
    /// Whether a `use` brings it into the file.
    pub(crate) is_imported: bool,
}

/// All files of a folder that are not for tests only.
pub(crate) fn sources(root: &Path) -> Vec<Source> {
    let mut files = BTreeSet::new();
    collect(root, root, &mut files);
    let read = |file: &String| {
        let text = fs::read_to_string(root.join(file)).expect("the file can be read");
        Source::new(file, &text)
    };
    let all: Vec<_> = files.iter().map(read).collect();
    let test_modules: Vec<_> = all.iter().flat_map(|s| s.test_modules.clone()).collect();
    let is_tested = |source: &Source| !test_modules.iter().any(|m| source.module.starts_with(m));
    all.into_iter().filter(is_tested).collect()
}

/// All files of a folder with their tests.
pub(crate) fn with_tests(root: &Path) -> Vec<Source> {
    let mut files = BTreeSet::new();
    collect(root, root, &mut files);
    let read = |file: &String| {
        let text = fs::read_to_string(root.join(file)).expect("the file can be read");
        Source {
            tokens: tokens_of(file, &text),
            ..Source::new(file, "")
        }
    };
    files.iter().map(read).collect()
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            collect(root, &path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let file = path.strip_prefix(root).expect("it lies below the root");
            files.insert(file.to_str().expect("names are UTF-8").replace('\\', "/"));
        }
    }
}

impl Source {
    pub(crate) fn new(file: &str, text: &str) -> Self {
        let module: NamePath = file
            .trim_end_matches(".rs")
            .split('/')
            .filter(|name| !matches!(*name, "lib" | "main" | "mod"))
            .map(ToOwned::to_owned)
            .collect();
        let (tokens, in_tests) = without_tests(&tokens_of(file, text));
        let test_modules = in_tests
            .into_iter()
            .map(|name| [module.clone(), vec![name]].concat())
            .collect();
        Self {
            file: file.to_owned(),
            module,
            tokens,
            test_modules,
        }
    }

    /// Whether the tokens of `code` stand in the file, one after the other.
    pub(crate) fn has(&self, code: &str) -> bool {
        let wanted = tokens_of("the pattern", code);
        self.tokens
            .windows(wanted.len())
            .any(|window| window == wanted)
    }

    /// Every path of two names and more.
    pub(crate) fn mentions(&self) -> Vec<Mention> {
        let mut reader = PathReader {
            tokens: &self.tokens,
            at: 0,
            module: self.module.clone(),
            imports: false,
            blocks: Vec::new(),
            found: Vec::new(),
        };
        reader.read_all();
        reader.found
    }

    /// The macros that the file exports, which lie at the root of the crate.
    pub(crate) fn exported_macros(&self) -> impl Iterator<Item = String> {
        let starts = self.tokens.windows(3);
        let starts = starts.filter(|window| window[..2] == ["macro_rules", "!"]);
        starts.map(|window| window[2].clone())
    }

    /// The crates that are named by paths such as `::core::mem`.
    pub(crate) fn global_paths(&self) -> Vec<String> {
        let windows = self.tokens.windows(3);
        let is_global = |window: &&[String]| {
            let goes_on = is_name(&window[0]) || window[0] == ">";
            window[1] == "::" && is_name(&window[2]) && !goes_on
        };
        windows
            .filter(is_global)
            .map(|window| window[2].clone())
            .collect()
    }

    /// The names in what is public: signatures, fields, variants, items of traits, and the types
    /// that public types name when they implement a trait.
    pub(crate) fn public_names(&self) -> BTreeSet<&str> {
        signature::public(&self.tokens)
    }
}

fn tokens_of(file: &str, text: &str) -> Vec<String> {
    let tokens = text
        .parse()
        .unwrap_or_else(|error| panic!("{file}: {error}"));
    let mut flat = Vec::new();
    flatten(tokens, &mut flat);
    flat
}

/// Tokens as text. `::` is one token, and what stands in a literal is left out.
fn flatten(stream: TokenStream, flat: &mut Vec<String>) {
    for token in stream {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Parenthesis | Delimiter::None => ("(", ")"),
                };
                flat.push(open.to_owned());
                flatten(group.stream(), flat);
                flat.push(close.to_owned());
            }
            TokenTree::Ident(name) => flat.push(name.to_string()),
            TokenTree::Literal(_) => flat.push("\"\"".to_owned()),
            TokenTree::Punct(punct) => match flat.last_mut() {
                Some(last) if punct.as_char() == ':' && last == ":" => "::".clone_into(last),
                _ => flat.push(punct.to_string()),
            },
        }
    }
}

/// The tokens without items for tests only, and the names of the modules among those.
fn without_tests(flat: &[String]) -> (Vec<String>, Vec<String>) {
    const CFG_TEST: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let (mut kept, mut modules) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < flat.len() {
        if flat[at..]
            .iter()
            .zip(CFG_TEST)
            .filter(|(a, b)| a == b)
            .count()
            < CFG_TEST.len()
        {
            kept.push(flat[at].clone());
            at += 1;
            continue;
        }
        at += CFG_TEST.len();
        let len = item_len(&flat[at..]);
        let item = &flat[at..at + len];
        if let Some(name) = item.iter().position(|token| token == "mod") {
            modules.extend(item.get(name + 1).cloned());
        }
        at += len;
    }
    (kept, modules)
}

/// How many tokens the item has that begins there.
pub(crate) fn item_len(flat: &[String]) -> usize {
    let mut depth = 0;
    for (at, token) in flat.iter().enumerate() {
        match token.as_str() {
            "{" | "(" | "[" => depth += 1,
            ")" | "]" => depth -= 1,
            "}" => {
                depth -= 1;
                let is_use = flat.get(at + 1).is_some_and(|next| next == ";");
                if depth == 0 && !is_use {
                    return at + 1;
                }
            }
            ";" if depth == 0 => return at + 1,
            _ => {}
        }
    }
    flat.len()
}

struct PathReader<'a> {
    tokens: &'a [String],
    at: usize,
    /// The module that the reader is in.
    module: NamePath,
    /// Whether the reader is in a `use`.
    imports: bool,
    /// For each open brace, whether it is a module's.
    blocks: Vec<bool>,
    found: Vec<Mention>,
}

impl PathReader<'_> {
    fn read_all(&mut self) {
        while let Some(token) = self.tokens.get(self.at) {
            match token.as_str() {
                "mod" if self.token(2) == "{" => {
                    self.module.push(self.token(1).to_owned());
                    self.blocks.push(true);
                    self.at += 3;
                }
                "{" => {
                    self.blocks.push(false);
                    self.at += 1;
                }
                "}" => {
                    if self.blocks.pop() == Some(true) {
                        self.module.pop();
                    }
                    self.at += 1;
                }
                "use" | ";" => {
                    self.imports = token == "use";
                    self.at += 1;
                }
                _ if is_name(token) && self.token(1) == "::" => self.read_path(&[]),
                _ => self.at += 1,
            }
        }
    }

    fn token(&self, ahead: usize) -> &str {
        self.tokens.get(self.at + ahead).map_or("", String::as_str)
    }

    /// Reads `a::b::c`, `a::b as c` or `a::{b, c::d}`.
    fn read_path(&mut self, prefix: &[String]) {
        let mut path = prefix.to_vec();
        while is_name(self.token(0)) {
            path.push(self.token(0).to_owned());
            self.at += 1;
            if self.token(0) != "::" {
                break;
            }
            self.at += 1;
        }
        if self.token(0) == "{" && self.token_before() == "::" {
            self.at += 1;
            while self.at < self.tokens.len() && self.token(0) != "}" {
                if is_name(self.token(0)) {
                    self.read_path(&path);
                } else {
                    self.at += 1;
                }
            }
            self.at += 1;
            return;
        }
        let mut name = path.last().cloned().unwrap_or_default();
        if self.token(0) == "as" {
            self.token(1).clone_into(&mut name);
            self.at += 2;
        }
        let path = self.absolute(path);
        self.found.push(Mention {
            path,
            name,
            is_imported: self.imports,
        });
    }

    fn token_before(&self) -> &str {
        &self.tokens[self.at - 1]
    }

    /// The path from the root of the crate. Paths into other crates stay as they are.
    fn absolute(&self, path: NamePath) -> NamePath {
        let mut base = match path[0].as_str() {
            "crate" => Vec::new(),
            "self" | "super" => self.module.clone(),
            _ => return path,
        };
        let mut names = path.into_iter().peekable();
        while let Some(name) =
            names.next_if(|name| matches!(name.as_str(), "crate" | "self" | "super"))
        {
            if name == "super" {
                base.pop();
            }
        }
        let root = std::iter::once("crate".to_owned());
        root.chain(base).chain(names).collect()
    }
}

pub(crate) fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first.is_alphabetic() || first == '_')
}
