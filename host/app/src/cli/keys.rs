//! `shopkeeper key`.

use clap::{Subcommand, builder::PossibleValuesParser};
use serde_json::json;
use shopkeeper_domain::ShopId;
use shopkeeper_storage::{Key, Storage};
use uuid::Uuid;

use crate::{
    secrets::ApiKey,
    service::{DataFolder, StartError},
};

/// What `--scope` takes.
const SCOPES: [&str; 5] = ["connector", "agent", "image-ai", "payments", "operator"];

#[derive(Subcommand)]
pub(super) enum KeyCommand {
    /// Makes a key and prints it, once.
    Add {
        /// The shop it opens.
        #[arg(long, required_unless_present = "admin")]
        shop: Option<ShopId>,
        /// What it may do; several are given by several --scope.
        #[arg(long, required_unless_present = "admin", value_parser = PossibleValuesParser::new(SCOPES))]
        scope: Vec<String>,
        /// A new key of the whole installation instead.
        #[arg(long, conflicts_with_all = ["shop", "scope"])]
        admin: bool,
    },
    /// Lists a shop's keys, without the secrets; the installation's own where no shop is given.
    List {
        /// Whose.
        #[arg(long)]
        shop: Option<ShopId>,
    },
}

pub(super) async fn run(command: KeyCommand, data: &DataFolder, as_json: bool) -> Result<(), StartError> {
    let store = data.storage()?;
    match command {
        KeyCommand::Add { shop, scope, admin } => {
            if let Some(id) = &shop
                && store.shop(id).await.map_err(StartError::new)?.is_none()
            {
                return Err(StartError::new(format!(
                    "there is no shop {id}: add it with shopkeeper shop add {id}"
                )));
            }
            let key = ApiKey::fresh().map_err(StartError::new)?;
            let id = Uuid::now_v7();
            let scopes = if admin { vec!["admin".to_owned()] } else { scope };
            let row = Key { id, shop, digest: key.digest(), scopes, created_at: crate::workflow::now() };
            store.add_key(row).await.map_err(StartError::new)?;
            if as_json {
                println!("{}", json!({ "id": id, "key": key.0 }));
            } else {
                println!("{}", key.0);
            }
        }
        KeyCommand::List { shop } => {
            let keys = store.keys(shop.as_ref()).await.map_err(StartError::new)?;
            if as_json {
                let row = |k: &Key| json!({ "id": k.id, "scopes": k.scopes, "created_at": k.created_at });
                println!("{}", json!({ "keys": keys.iter().map(row).collect::<Vec<_>>() }));
            } else {
                for key in keys {
                    println!("{}\t{}\t{}", key.id, key.scopes.join(","), key.created_at.format("%Y-%m-%d"));
                }
            }
        }
    }
    Ok(())
}
