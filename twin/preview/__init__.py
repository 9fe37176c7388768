"""What a scenario does, before anything is fitted: in people drawn from evidence."""
