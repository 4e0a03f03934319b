"""Ground floor: time, identity, failure, spelling, signatures, storage, settings. No word of government here."""
