"""Table -> figure, one module per study; knows pandas tables only, touches no file and no torch."""
