"""The Tango side of the simulated servers: other faces of the same channels that Channel Access shows."""
