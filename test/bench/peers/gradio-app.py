"""What people write with Gradio: a prompt, a button, a picture. Its environment: OPENAI_BASE_URL, PORT."""
import base64
import os
import tempfile

import gradio as gr
from openai import OpenAI

client = OpenAI(api_key="any")


def generate(prompt):
    answer = client.images.generate(model="an-image-model", prompt=prompt)
    with tempfile.NamedTemporaryFile(suffix=".png", delete=False) as file:
        file.write(base64.b64decode(answer.data[0].b64_json))
    return file.name


with gr.Blocks() as app:
    prompt = gr.Textbox(label="Prompt")
    button = gr.Button("Generate")
    picture = gr.Image(label="Picture")
    button.click(generate, prompt, picture, api_name="generate", concurrency_limit=10)

app.launch(server_name="127.0.0.1", server_port=int(os.environ["PORT"]))
