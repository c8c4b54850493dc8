//! The real service as a process of its own, and calls to it.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use reqwest::blocking::{Client, RequestBuilder};
use serde_json::Value;

use crate::process;

/// A running service; it is stopped when this is dropped.
pub(crate) struct Service {
    child: Child,
    /// `http://…`
    pub(crate) url: String,
    client: Client,
}

impl Service {
    /// Starts it with these settings and waits for the line that says where it listens.
    pub(crate) fn start(program: &Path, data: &Path, settings: &[(&str, &str)]) -> Result<Self> {
        let mut command = Command::new(program);
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data).stdout(Stdio::piped());
        // What is done is printed by whoever does it.
        command.env("SHOPKEEPER_LOG__FILTER", "warn");
        command.envs(settings.iter().copied());
        let mut child =
            command.spawn().with_context(|| format!("{} could not be started", program.display()))?;
        let output = child.stdout.take().context("the service has no output")?;
        for line in BufReader::new(output).lines() {
            if let Some(url) = line?.strip_prefix("listening on ") {
                let client = Client::builder().no_proxy().timeout(Duration::from_secs(120)).build()?;
                return Ok(Self { child, url: url.to_owned(), client });
            }
        }
        bail!("the service ended before it was ready: {}", child.wait()?)
    }

    /// Waits until somebody stops it.
    pub(crate) fn wait(mut self) -> Result<()> {
        self.child.wait()?;
        Ok(())
    }

    /// A caller with a key.
    pub(crate) fn caller(&self, key: &str) -> Caller<'_> {
        Caller { service: self, key: key.trim().to_owned() }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Somebody who calls the service with a key.
pub(crate) struct Caller<'a> {
    service: &'a Service,
    key: String,
}

impl Caller<'_> {
    fn send(&self, request: RequestBuilder, what: &str) -> Result<reqwest::blocking::Response> {
        let answer = request.bearer_auth(&self.key).send().with_context(|| what.to_owned())?;
        let status = answer.status();
        if !status.is_success() {
            bail!("{what}: {status}: {}", answer.text().unwrap_or_default());
        }
        Ok(answer)
    }

    /// POSTs JSON; the answer's JSON, null where it has none.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let request = self.service.client.post(format!("{}{path}", self.service.url)).json(body);
        let text = self.send(request, &format!("POST {path}"))?.text()?;
        Ok(if text.is_empty() { Value::Null } else { serde_json::from_str(&text)? })
    }

    /// PUTs JSON; the answer's JSON.
    pub(crate) fn put(&self, path: &str, body: &Value) -> Result<Value> {
        let request = self.service.client.put(format!("{}{path}", self.service.url)).json(body);
        Ok(self.send(request, &format!("PUT {path}"))?.json()?)
    }

    /// The key itself, for a person to sign in with.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// POSTs a file.
    pub(crate) fn upload(&self, path: &str, file: &Path) -> Result<Value> {
        let bytes = fs::read(file).with_context(|| format!("{} can't be read", file.display()))?;
        let request = self.service.client.post(format!("{}{path}", self.service.url)).body(bytes);
        Ok(self.send(request.header("content-type", "image/jpeg"), &format!("POST {path}"))?.json()?)
    }

    /// GETs JSON.
    pub(crate) fn get(&self, path: &str) -> Result<Value> {
        let request = self.service.client.get(format!("{}{path}", self.service.url));
        Ok(self.send(request, &format!("GET {path}"))?.json()?)
    }

    /// GETs bytes.
    pub(crate) fn download(&self, path: &str) -> Result<Vec<u8>> {
        let request = self.service.client.get(format!("{}{path}", self.service.url));
        Ok(self.send(request, &format!("GET {path}"))?.bytes()?.to_vec())
    }
}

/// `cargo xtask run`: serves from ./data, with a shop `demo`.
pub(crate) fn run(program: &Path, arguments: &[String]) -> Result<()> {
    let in_root = |arguments: &[&str]| {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(process::root());
        command
    };
    let shops = process::output(&mut in_root(&["shop", "list", "--json"]))?;
    let shops: Value = serde_json::from_str(&shops)?;
    let known = shops["shops"].as_array().is_some_and(|s| s.iter().any(|s| s["id"] == "demo"));
    if !known {
        process::run(&mut in_root(&["shop", "add", "demo", "--name", "演示店"]))?;
    }
    let mut serve = in_root(&["serve"]);
    process::run(serve.args(arguments))
}
