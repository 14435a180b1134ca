"""From text to the model and every Problem on the way: source, schema, structure, project."""
