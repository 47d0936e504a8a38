"""Looking into files that strangers have sent, in processes of their own, all of it bounded."""
