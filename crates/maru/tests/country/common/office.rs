//! Officials who write documents to one another, as their programs do.

use std::collections::BTreeMap;

use axum::http::{Method, StatusCode};
use serde_json::{Value as Json, json};

use super::{Answer, Country};

pub const BODY: &str =
    "수원시 생활보장팀은 다음과 같이 조사하고자 합니다.\n\n1. 때: 10월 14일\n2. 곳: 나루동 일대";
pub const WHY: &str = "조사하는 날을 다시 정해 주십시오.";

/// Everybody who takes part, signed in for the API.
pub struct Office<'a> {
    pub country: &'a Country,
    pub tokens: BTreeMap<String, String>,
}

impl<'a> Office<'a> {
    pub async fn of(country: &'a Country) -> Office<'a> {
        let mut office = Office { country, tokens: BTreeMap::new() };
        office.sign_in().await;
        office
    }

    /// Sessions end after some hours; so again after days have gone.
    pub async fn sign_in(&mut self) {
        for user in ["haneul", "garam", "gureum", "isul", "handeul", "saebyeok", "maru"] {
            let body = format!(r#"{{"name":"{user}","password":"maru-demo-2026"}}"#);
            let sign_in = || self.country.call(Method::POST, "/api/v1/sessions", None, &body);
            let mut answer = sign_in().await;
            // Whoever waits a second for a place is told to come again (503), and comes again.
            for _ in 0..3 {
                if answer.status == StatusCode::SERVICE_UNAVAILABLE {
                    answer = sign_in().await;
                }
            }
            assert!(answer.status.is_success(), "{user} signs in: {} {}", answer.status, answer.body);
            self.tokens.insert(user.into(), answer.json()["token"].as_str().unwrap().to_owned());
        }
    }

    pub async fn post(&self, user: &str, path: &str, body: &Json) -> Answer {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        self.country.call(Method::POST, &format!("/api/v1{path}"), Some(&self.tokens[user]), &text).await
    }

    pub async fn get(&self, user: &str, path: &str) -> Answer {
        self.country.call(Method::GET, &format!("/api/v1{path}"), Some(&self.tokens[user]), "").await
    }

    pub async fn must(&self, user: &str, path: &str, body: Json) -> Json {
        let answer = self.post(user, path, &body).await;
        assert!(answer.status.is_success(), "{user} {path}: {} {}", answer.status, answer.body);
        if answer.body.is_empty() { Json::Null } else { answer.json() }
    }

    pub async fn is(&self, status: u16, user: &str, path: &str, body: Json) -> String {
        let answer = self.post(user, path, &body).await;
        assert_eq!(answer.status.as_u16(), status, "{user} {path}: {}", answer.body);
        answer.body
    }

    /// A draft of Haneul's with this line.
    pub async fn draft(&self, recipient: Option<&str>, line: Json) -> String {
        let body =
            json!({ "title": "생활 실태 조사 계획", "body": BODY, "recipient": recipient, "line": line });
        self.must("haneul", "/documents", body).await["id"].as_str().unwrap().to_owned()
    }

    pub async fn submitted(&self, recipient: Option<&str>, line: Json) -> String {
        let id = self.draft(recipient, line).await;
        self.must("haneul", &format!("/documents/{id}/submit"), Json::Null).await;
        id
    }

    pub async fn box_of(&self, user: &str, name: &str) -> Vec<String> {
        let listed = self.get(user, &format!("/documents?box={name}")).await.json();
        let documents = listed["documents"].as_array().unwrap_or_else(|| panic!("{listed}"));
        documents.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    }

    pub async fn kinds(&self, id: &str) -> Vec<String> {
        let events = self.country.app.store.events(&format!("document/{id}")).await.unwrap();
        for event in &events {
            let text = event.body.to_string();
            assert!(!text.contains("조사") && !text.contains("나루동"), "ids only: {text}");
        }
        events.into_iter().map(|event| event.kind).collect()
    }
}

pub fn step(person: &str, kind: &str) -> Json {
    json!({ "person": format!("official-{person}"), "kind": kind })
}

pub fn garam_then_gureum() -> Json {
    json!([step("garam", "review"), step("gureum", "approve")])
}

pub fn sign(place: i64) -> Json {
    json!({ "step": place })
}
