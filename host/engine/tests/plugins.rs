//! The plugin host with real components: the built-in ones, and hostile ones written by hand.

#[path = "plugins/built_in.rs"]
mod built_in;
#[path = "plugins/forge.rs"]
mod forge;
#[path = "plugins/hostile.rs"]
mod hostile;
#[path = "plugins/loading.rs"]
mod loading;
#[path = "plugins/settings.rs"]
mod settings;
