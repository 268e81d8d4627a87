//! The templates, by name.

use std::{collections::BTreeMap, fmt, fs, path::Path};

use ladybug_core::{Error, ErrorKind, Result, Secret};
use serde::Serialize;
use tera::{Context, Kwargs, State, Tera, Value};

use super::escape;

macro_rules! embedded {
    ($($name:literal),* $(,)?) => { &[$(($name, include_str!(concat!("../../templates/", $name)))),*] };
}

const EMBEDDED: &[(&str, &str)] = embedded![
    "admission.yaml",
    "approve.service",
    "approve.sh",
    "approve.timer",
    "audit.yaml",
    "cni/calico.yaml",
    "cni/canal.yaml",
    "cni/flannel.yaml",
    "cni/kilo.yaml",
    "containerd-1.toml",
    "containerd-2.toml",
    "containerd.service",
    "crictl.yaml",
    "drain.sh",
    "encryption.yaml",
    "endpoint.sh",
    "haproxy.cfg",
    "init.sh",
    "invite.sh",
    "join.sh",
    "kubelet.service",
    "kubelet-kubeadm.conf",
    "kubelet-order.conf",
    "ladybug0.conf",
    "lib.sh",
    "modules.conf",
    "network.sh",
    "observe.sh",
    "overlay_key.sh",
    "overlay_peers.sh",
    "preflight.sh",
    "prepare.sh",
    "prepare/kubernetes.sh",
    "prepare/preflight.sh",
    "prepare/runtime.sh",
    "prepare/system.sh",
    "remove_member.sh",
    "remove_node.sh",
    "reset.sh",
    "sysctl.conf",
    "uncordon.sh",
    "uninvite.sh",
    "user-data.yaml",
];

/// All templates. What a value becomes depends on the template's suffix: `.sh` makes it a shell word, `.yaml` and
/// `.toml` a quoted string, and any other file refuses what could mean something there.
pub(crate) struct Templates {
    shell: Tera,
    quoted: Tera,
    plain: Tera,
}

impl fmt::Debug for Templates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Templates").finish_non_exhaustive()
    }
}

impl Templates {
    /// The templates of this crate.
    pub(crate) fn embedded() -> Self {
        Self::load(&sources()).expect("the tests load these templates")
    }

    /// The templates of this crate, those replaced that `dir` has under the same name.
    ///
    /// # Errors
    /// `InvalidSpec` for a file that is no template of ours or cannot be read as one; `NotFound` without `dir`.
    pub(crate) fn with_dir(dir: &Path) -> Result<Self> {
        let mut sources = sources();
        for name in names(dir, "")? {
            let text = fs::read_to_string(dir.join(&name)).map_err(|cause| unreadable(&name).with_source(cause))?;
            match sources.get_mut(name.as_str()) {
                Some(source) => *source = text,
                None => return Err(unreadable(&name).with_message("there is no template of this name to replace")),
            }
        }
        Self::load(&sources)
    }

    fn load(sources: &BTreeMap<&str, String>) -> Result<Self> {
        let engine = |escape, kind: Kind| -> Result<Tera> {
            let mut tera = Tera::new();
            tera.autoescape_on([""]);
            tera.set_escape_fn(escape);
            tera.register_filter("safe", refuse);
            let own = sources.iter().filter(|(name, _)| Kind::of(name) == kind);
            for (name, text) in own.clone().filter(|_| kind == Kind::Shell) {
                values_stand_alone(name, text)?;
            }
            tera.add_raw_templates(own.map(|(name, text)| (*name, text.as_str()))).map_err(|cause| {
                Error::new(ErrorKind::InvalidSpec, "read the templates").with_source(Cause::new(&cause))
            })?;
            Ok(tera)
        };
        Ok(Self {
            shell: engine(escape::shell, Kind::Shell)?,
            quoted: engine(escape::quoted, Kind::Quoted)?,
            plain: engine(escape::plain, Kind::Plain)?,
        })
    }

    /// Renders a template. A variable that `context` lacks is an error.
    pub(crate) fn render(&self, name: &str, context: &impl Serialize) -> Result<Secret<String>> {
        let failed = |cause| Error::new(ErrorKind::Corrupt, format!("render {name}")).with_source(Cause::new(&cause));
        let tera = match Kind::of(name) {
            Kind::Shell => &self.shell,
            Kind::Quoted => &self.quoted,
            Kind::Plain => &self.plain,
        };
        let context = Context::from_serialize(context).map_err(failed)?;
        tera.render(name, &context).map(Secret::new).map_err(failed)
    }
}

/// What the engine complained of. Its report shows a piece of the template, never a value.
#[derive(Debug)]
struct Cause(String);

impl Cause {
    fn new(error: &tera::Error) -> Self {
        let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
        Self(causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}")))
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Cause {}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Shell,
    Quoted,
    Plain,
}

impl Kind {
    fn of(name: &str) -> Self {
        match name.rsplit_once('.').map(|(_, suffix)| suffix) {
            Some("sh") => Self::Shell,
            Some("yaml" | "toml") => Self::Quoted,
            Some(_) | None => Self::Plain,
        }
    }
}

/// Turns off the engine's way around quoting.
fn refuse(_: &str, _: Kwargs, _: &State) -> tera::TeraResult<Value> {
    Err(tera::Error::message("values are always quoted: there is no 'safe'"))
}

/// Inside of quotes or a here-document a quoted word would not be one word. Alone behind `name=` it always is.
fn values_stand_alone(name: &str, text: &str) -> Result<()> {
    let alone = |line: &str| {
        let (variable, value) = line.trim().split_once('=')?;
        let inner = value.strip_prefix("{{")?.strip_suffix("}}")?;
        let word = variable.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        (word && !inner.contains(['{', '}'])).then_some(())
    };
    match text.lines().find(|line| line.contains("{{") && alone(line).is_none()) {
        None => Ok(()),
        Some(line) => {
            Err(unreadable(name)
                .with_message(format!("{:?} must be 'name={{{{ value }}}}' and nothing else", line.trim())))
        }
    }
}

fn sources() -> BTreeMap<&'static str, String> {
    EMBEDDED.iter().map(|(name, text)| (*name, (*text).to_owned())).collect()
}

/// The names of all files under `dir`.
fn names(dir: &Path, prefix: &str) -> Result<Vec<String>> {
    let failed =
        |cause| Error::new(ErrorKind::NotFound, format!("list the templates in {}", dir.display())).with_source(cause);
    let mut found = Vec::new();
    for entry in fs::read_dir(dir.join(prefix)).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            found.extend(names(dir, &format!("{name}/"))?);
        } else {
            found.push(name);
        }
    }
    Ok(found)
}

fn unreadable(name: &str) -> Error {
    Error::new(ErrorKind::InvalidSpec, format!("read the template {name}"))
        .with_remedy("correct the files of the template directory")
}
