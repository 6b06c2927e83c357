"""What people write with Streamlit, as the app that Proofroom follows: a form with a prompt, a picture. Its environment: OPENAI_BASE_URL."""
import base64

import streamlit as st
from openai import OpenAI

with st.form("prompt"):
    prompt = st.text_input("Prompt")
    wanted = st.form_submit_button("Generate")
if wanted:
    client = OpenAI(api_key="any")
    with st.spinner("Drawing"):
        answer = client.images.generate(model="an-image-model", prompt=prompt)
    st.image(base64.b64decode(answer.data[0].b64_json))
