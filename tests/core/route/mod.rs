//! Routes: who is asked, in what order, and what the settlement tells of it.

mod any;
mod budget;
mod embeddings;
mod failover;
mod money;
mod offers;
mod options;
mod outage;
mod reported;
mod rests;
mod sticky;
mod world;
