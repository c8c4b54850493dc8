//! `shopkeeper plugin dev`: builds, pushes and activates at every save.

use std::{
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    time::Duration,
};

use notify::{EventKind, RecursiveMode, Watcher};
use shopkeeper_domain::roles::Role;
use shopkeeper_toolchain::Project;

use super::{ModeName, Remote, Target};
use crate::service::StartError;

/// Saves within this time are one: editors write several files, and some of them twice.
const TOGETHER: Duration = Duration::from_millis(200);
/// What a build writes, or a tool keeps for itself.
const NOT_SOURCES: [&str; 7] =
    ["target", "node_modules", ".venv", ".git", "wit_world", "__pycache__", shopkeeper_toolchain::COMPONENT];

fn is_source(folder: &Path, path: &Path) -> bool {
    let below = path.strip_prefix(folder).unwrap_or(path);
    below.components().all(|part| {
        let name = part.as_os_str().to_string_lossy();
        !NOT_SOURCES.contains(&&*name)
            && !name.ends_with('~')
            && !name.ends_with(".swp")
            && name != "Cargo.lock"
    })
}

/// Waits for the next save, and for those that belong to it.
fn saved(folder: &Path, events: &Receiver<notify::Event>) -> Option<PathBuf> {
    let relevant = |event: notify::Event| {
        let writes = matches!(event.kind, EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_));
        event.paths.into_iter().find(|p| writes && is_source(folder, p))
    };
    let path = events.iter().find_map(relevant)?;
    while !matches!(
        events.recv_timeout(TOGETHER),
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected)
    ) {}
    Some(path)
}

pub(super) async fn run(folder: &Path, remote: &Remote) -> Result<bool, StartError> {
    let folder = folder.canonicalize().map_err(|e| StartError::new(format!("{}: {e}", folder.display())))?;
    let role = Project::read(&folder).map_err(StartError::new)?.role;
    let (send, events) = channel();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if let Ok(event) = event {
            // Whoever listened has gone: then this goes too.
            let _ = send.send(event);
        }
    })
    .map_err(StartError::new)?;
    watcher.watch(&folder, RecursiveMode::Recursive).map_err(StartError::new)?;
    let events = std::sync::Arc::new(std::sync::Mutex::new(events));
    loop {
        match swap(&folder, role, remote).await {
            Ok(()) => {}
            // The old one goes on answering: mend it and save again.
            Err(error) => eprintln!("{error}"),
        }
        println!("watching {}", folder.display());
        let (wait, events) = (folder.clone(), events.clone());
        let next = tokio::task::spawn_blocking(move || {
            saved(&wait, &events.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
        });
        match next.await.map_err(StartError::new)? {
            Some(path) => println!("saved {}", path.strip_prefix(&folder).unwrap_or(&path).display()),
            None => return Ok(true),
        }
    }
}

async fn swap(folder: &Path, role: Role, remote: &Remote) -> Result<(), StartError> {
    let component = super::build(folder)?;
    let wasm = std::fs::read(&component).map_err(StartError::new)?;
    let digest = remote.push(wasm, false).await?;
    let target = Target::new(role, &digest);
    remote.activate(&target, ModeName::Live, None, false).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_does_not_start_the_next_one() {
        let folder = Path::new("/p");
        for source in ["/p/src/lib.rs", "/p/app.py", "/p/cases/a.toml", "/p/settings.default.json"] {
            assert!(is_source(folder, Path::new(source)), "{source}");
        }
        for other in
            ["/p/target/x", "/p/plugin.wasm", "/p/node_modules/a/b.js", "/p/app.py~", "/p/Cargo.lock"]
        {
            assert!(!is_source(folder, Path::new(other)), "{other}");
        }
    }
}
