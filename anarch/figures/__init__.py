"""Table -> figure, one module a study; knows pandas tables only, touches no file and no torch."""
