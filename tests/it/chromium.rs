//! The web page in a real Chromium, as a person meets it.

mod everywhere;
mod orders;
mod plugins;
mod sessions;

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::{ChromiumLikeCapabilities, DesiredCapabilities, LoggingPrefsLogLevel, prelude::*};

use crate::app::TestApp;

/// How long a page may take to come to what is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A browser of its own, on a service under test.
struct Chromium {
    driver: WebDriver,
    process: Driver,
    /// Where the service is.
    base: String,
}

/// What drives the browser: its process, which the browser's processes are grouped with, and the browser's profile.
struct Driver {
    child: Child,
    _profile: TempDir,
}

impl Drop for Driver {
    fn drop(&mut self) {
        // The whole group, or the browser would outlive its driver.
        let group = format!("-{}", self.child.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.child.wait();
    }
}

impl Driver {
    /// Starts it; the port it listens on.
    fn start() -> (Self, u16) {
        use std::os::unix::process::CommandExt;
        let mut command = Command::new("chromedriver");
        command.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
        let mut child = command.spawn().expect("chromedriver is there: cargo xtask setup");
        let output = BufReader::new(child.stdout.take().expect("its output"));
        let port = output.lines().map_while(Result::ok).find_map(|line| {
            let rest = line.split_once("started successfully on port ")?.1;
            rest.trim_end_matches('.').parse().ok()
        });
        let profile = tempfile::tempdir().expect("a folder");
        (Self { child, _profile: profile }, port.expect("chromedriver says where it listens"))
    }
}

impl Chromium {
    /// Opens a browser that has never been here.
    async fn open(app: &TestApp) -> Self {
        let (process, port) = Driver::start();
        let mut wanted = DesiredCapabilities::chrome();
        let profile = format!("--user-data-dir={}", process._profile.path().display());
        for argument in [
            "--headless=new",
            // As root, in a container, there is no sandbox to be had: what is opened is ours.
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--no-first-run",
            "--no-proxy-server",
            "--hide-scrollbars",
            "--disable-background-networking",
            // Whatever asked for another host would get nothing, and be in the log.
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            &profile,
        ] {
            wanted.add_arg(argument).expect("an argument");
        }
        wanted.set_browser_log_level(LoggingPrefsLogLevel::All).expect("a capability");
        let driver =
            WebDriver::new(format!("http://127.0.0.1:{port}"), wanted).await.expect("a browser starts");
        let base = format!("http://{}", app.running.address);
        let chromium = Self { driver, process, base };
        chromium.size(1280).await;
        chromium
    }

    /// … and signs in with the key of this scope, in Chinese.
    async fn signed_in(app: &TestApp, who: &str) -> Self {
        let chromium = Self::open(app).await;
        chromium.go("/language/zh?next=/sign-in").await;
        chromium.write("[name=key]", app.key(who)).await;
        chromium.click("main button").await;
        chromium.until("the sign-in", "document.querySelector('.menu')").await;
        chromium
    }

    async fn close(self) {
        self.driver.quit().await.expect("the browser closes");
        drop(self.process);
    }

    async fn go(&self, path: &str) {
        self.driver.goto(format!("{}{path}", self.base)).await.expect("the page opens");
    }

    /// The page is so wide, light unless it is made dark.
    async fn size(&self, width: u32) {
        self.tall(width, 900).await;
    }

    async fn tall(&self, width: u32, height: u64) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.command("Emulation.setDeviceMetricsOverride", size).await;
    }

    async fn dark(&self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] });
        self.command("Emulation.setEmulatedMedia", media).await;
    }

    async fn command(&self, name: &str, parameters: Value) {
        self.driver.cdp().send_raw(name, parameters).await.expect(name);
    }

    /// What a script finds.
    async fn ask(&self, script: &str) -> Value {
        let found = self.driver.execute(format!("return {script}"), Vec::new()).await;
        found.unwrap_or_else(|e| panic!("{script}: {e}")).json().clone()
    }

    /// Looks again and again until a script finds something that holds.
    async fn until(&self, what: &str, script: &str) {
        let (end, script) = (Instant::now() + PATIENCE, format!("return Boolean({script})"));
        loop {
            // While a page gives way to the next one, there is nothing to ask.
            let found = self.driver.execute(script.clone(), Vec::new()).await;
            if found.is_ok_and(|found| found.json() == &json!(true)) {
                return;
            }
            assert!(Instant::now() < end, "{what} never came: {}", self.text("main").await);
        }
    }

    async fn find(&self, css: &str) -> WebElement {
        self.driver.find(By::Css(css)).await.unwrap_or_else(|e| panic!("{css}: {e}"))
    }

    async fn text(&self, css: &str) -> String {
        self.find(css).await.text().await.expect("its text")
    }

    async fn click(&self, css: &str) {
        let element = self.find(css).await;
        element.scroll_into_view().await.expect("it is there");
        element.click().await.unwrap_or_else(|e| panic!("{css}: {e}"));
    }

    /// Types over what is in a field.
    async fn write(&self, css: &str, text: &str) {
        let field = self.find(css).await;
        field.clear().await.expect("it can be emptied");
        field.send_keys(text).await.expect("it can be written in");
    }

    /// What the browser complained of since it was last asked: errors of scripts, what the policy forbade, what was not there.
    async fn complaints(&self) -> Vec<String> {
        let log = self.driver.browser_log().await.expect("the browser's log");
        log.into_iter().filter(|line| line.level == "SEVERE").map(|line| line.message).collect()
    }
}
