//! `shopkeeper shop`.

use clap::Subcommand;
use serde_json::json;
use shopkeeper_domain::ShopId;
use shopkeeper_storage::{Shop, Storage, StorageError};

use crate::{
    service::{DataFolder, StartError},
    settings::ShopSettings,
};

#[derive(Subcommand)]
pub(super) enum ShopCommand {
    /// Adds a shop.
    Add {
        /// 1 to 40 of the characters a-z, 0-9 and -.
        id: ShopId,
        /// What people call it; the id where it is left out.
        #[arg(long)]
        name: Option<String>,
    },
    /// Lists the shops.
    List,
}

pub(super) async fn run(command: ShopCommand, data: &DataFolder, as_json: bool) -> Result<(), StartError> {
    let store = data.storage()?;
    match command {
        ShopCommand::Add { id, name } => {
            let name = name.unwrap_or_else(|| id.to_string());
            let settings = serde_json::to_string(&ShopSettings::default()).map_err(StartError::new)?;
            let shop = Shop { id: id.clone(), name, settings, created_at: crate::workflow::now() };
            store.add_shop(shop, None).await.map_err(|e| match e {
                StorageError::Exists => StartError::new(format!("there is a shop {id} already")),
                other => StartError::new(other),
            })?;
            if as_json {
                println!("{}", json!({ "id": id }));
            } else {
                println!("added shop {id}; next: shopkeeper key add --shop {id} --scope operator");
            }
        }
        ShopCommand::List => {
            let shops = store.shops().await.map_err(StartError::new)?;
            if as_json {
                let rows: Vec<_> = shops.iter().map(|s| json!({ "id": s.id, "name": s.name })).collect();
                println!("{}", json!({ "shops": rows }));
            } else if shops.is_empty() {
                println!("no shops yet; add one: shopkeeper shop add ID --name NAME");
            } else {
                shops.iter().for_each(|s| println!("{}\t{}", s.id, s.name));
            }
        }
    }
    Ok(())
}
