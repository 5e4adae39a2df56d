//! Routes: which candidates are asked, in what order, and what the settlement says about them.

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
