"""Where and how a simulation is computed: in blocks of people, stored, on threads or a cluster."""
