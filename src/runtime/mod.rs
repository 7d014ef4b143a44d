//! Runs effects against the network and the disk, and sends back what happened.
