//! Programs that are not ours, in the Python environment that `cargo xtask setup` makes; killed when dropped.

use std::{
    io::{BufRead, BufReader, Lines, Write},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};

use crate::app::{TestApp, program};

/// Python with the packages of `tests/peers/requirements.txt`.
fn python() -> PathBuf {
    let target = program().parent().and_then(|p| p.parent()).expect("target/debug").to_owned();
    let python = target.join("peers/bin/python");
    assert!(python.exists(), "run `cargo xtask setup`: there is no {}", python.display());
    python
}

/// A program that is driven by lines.
pub(crate) struct Peer {
    child: Child,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
}

impl Peer {
    /// Starts a Python file of the repository.
    pub(crate) fn start(file: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut command = Command::new(python());
        command.arg("-u").arg(root.join(file)).args(arguments).envs(environment.iter().copied());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("Python starts");
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().expect("its output")).lines();
        Self { child, input, output }
    }

    pub(crate) fn write(&mut self, line: &str) {
        let input = self.input.as_mut().expect("it still reads");
        writeln!(input, "{line}").and_then(|()| input.flush()).expect("it takes a line");
    }

    pub(crate) fn read(&mut self) -> String {
        self.output.next().expect("it says something").expect("a line")
    }

    /// Ends its input; whether it ended well, with nothing more to say.
    pub(crate) fn finish(mut self) -> bool {
        drop(self.input.take());
        let silent = self.output.next().is_none();
        self.wait() && silent
    }

    /// Whether it ended well, by itself.
    pub(crate) fn wait(mut self) -> bool {
        self.child.wait().expect("it ends").success()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A WebSocket client.
pub(crate) struct Chat(Peer);

impl Chat {
    pub(crate) fn start() -> Self {
        Self(Peer::start("tests/peers/chat.py", &[], &[]))
    }

    pub(crate) fn order(&mut self, command: Value) -> Value {
        self.0.write(&command.to_string());
        serde_json::from_str(&self.0.read()).expect("JSON")
    }

    /// Connects to a path of the shop; the number of the connection, or how it was refused.
    pub(crate) fn open(&mut self, app: &TestApp, who: &str, path: &str) -> Value {
        let url = app.url(path).replacen("http", "ws", 1);
        self.order(json!(["open", url, app.key(who)]))
    }

    /// Connects as the shop's connector.
    pub(crate) fn connect(&mut self, app: &TestApp) -> u64 {
        self.open(app, "connector", "/connect")["opened"].as_u64().expect("a connection")
    }

    pub(crate) fn send(&mut self, connection: u64, frame: &Value) {
        self.order(json!(["send", connection, frame.to_string()]));
    }

    pub(crate) fn receive(&mut self, connection: u64) -> Value {
        self.order(json!(["receive", connection]))
    }

    /// The next frame, which must be of this kind.
    #[track_caller]
    pub(crate) fn next(&mut self, connection: u64, kind: &str) -> Value {
        let received = self.receive(connection);
        let frame = &received["frame"];
        assert!(frame.get(kind).is_some(), "{kind} was wanted, there came {received}");
        frame.clone()
    }

    /// The next entry: its id, and its text or `[image]`.
    #[track_caller]
    pub(crate) fn entry(&mut self, connection: u64) -> (String, String) {
        let entry = self.next(connection, "entry")["entry"].clone();
        let text = |field: &str| entry[field].as_str().map(str::to_owned);
        (text("id").expect("an id"), text("text").unwrap_or_else(|| "[image]".to_owned()))
    }

    /// Nothing more came than what the test took: the next frame is the answer to this.
    #[track_caller]
    pub(crate) fn nothing_waits(&mut self, connection: u64) {
        self.send(connection, &json!({ "ref": "quiet?" }));
        assert_eq!(self.next(connection, "problem")["ref"], "quiet?");
    }
}
