"""What rustabi says: values worked out for a reader, and one renderer for each format over them."""
