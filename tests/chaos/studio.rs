//! An outside image AI that loses jobs, fails, and answers late.

use std::{sync::Arc, time::Duration};

use serde_json::json;

use crate::{World, rng::Rng, service::photograph};

/// Takes jobs for as long as the test runs.
pub(crate) async fn work(world: Arc<World>, mut rng: Rng) {
    let picture = photograph();
    loop {
        let mut idle = true;
        for shop in world.shops.iter().filter(|s| s.external) {
            let job = shop.post("/image-jobs/claim", None, &json!({})).await;
            if job.status.as_u16() != 200 {
                continue;
            }
            idle = false;
            if rng.percent(10) {
                // Lost: offered again when its lease is over.
                continue;
            }
            let result = format!("/tasks/{}/result", job.json["task_id"].as_str().expect("a task"));
            let token = &job.json["attempt_token"];
            let body = if rng.percent(10) {
                json!({ "attempt_token": token, "failure": "模型说不行" })
            } else {
                json!({ "attempt_token": token, "image_id": shop.picture(&picture).await })
            };
            for _ in 0..=u8::from(rng.percent(20)) {
                let answer = shop.post(&result, None, &body).await;
                // Conflict: somebody else was faster, or this is the second time.
                assert!(matches!(answer.status.as_u16(), 200 | 409), "{} {}", answer.status, answer.json);
            }
        }
        if idle {
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }
}
